import { Problems } from '../base/problems';

/** Record a key that no signature can be checked against. */
export function checkPublicKey(problems: Problems, prop: string, key: string): void {
  if (!isPublicKey(key)) {
    problems.add('CDK8SNIX0302', prop, key, 'A public key is a name, a colon and 32 bytes in base64.', 'Copy it as `nix key convert-secret-to-public` prints it.');
  }
}

function isPublicKey(key: string): boolean {
  const match = /^[A-Za-z0-9._-]+:(?<base64>[A-Za-z0-9+/]{43}=)$/.exec(key);
  return match !== null && Buffer.from(match.groups!.base64, 'base64').length === 32;
}
