import { findingOf } from './flake-pin';
import { urlHoldsSecret } from '../base/plain-secret';
import { Problems } from '../base/problems';
import { STORE_PATH } from '../care/store-path';

/** Not `$`, which the kubelet would expand in arguments. Brackets hold an address of version 6, as a host. */
const FLAKE_REFERENCE = /^(?:[a-z][a-z0-9+.-]*:(?:\/\/(?:[A-Za-z0-9._~!&'()*+,;=-]+@)?\[[0-9A-Fa-f:]+\](?=[:/?]|$))?|\/)(?:[A-Za-z0-9._~:/?@!&'()*+,;=-]|%[0-9A-Fa-f]{2})*$/;
/** A part of the name of an attribute. Nix reads one in quotes as it is, dots too; what `^` stands in is an output. */
const PART = '(?:[A-Za-z0-9_~@!\'+,-]|"[A-Za-z0-9._~@!\'+,*/?:;=&() -]+")+';
const OUTPUT = '[A-Za-z0-9+._?=-]+';
/** With a dot in front it is not looked for among the packages of the system first. */
const ATTRIBUTE = new RegExp(`^\\.?${PART}(?:\\.${PART})*(?:\\^(?:\\*|${OUTPUT}(?:,${OUTPUT})*))?$`);

/** What a reference is checked for at synth, where nobody can look at the flake. */
export function checkFlakeReference(problems: Problems, prop: string, reference: string, attribute: string | undefined, allowMoving: boolean): void {
  if (typeof reference !== 'string') {
    problems.add('CDK8SNIX1201', prop, reference, 'A flake reference is a text.', 'Use for example "github:owner/repository/v1.2.3".');
    return;
  }
  if (attribute !== undefined && typeof attribute !== 'string') {
    problems.add('CDK8SNIX1201', `${prop}.attribute`, attribute, 'The name of an attribute is a text.', 'Use for example "server", or leave it out.');
    return;
  }
  const [flake, fragment] = splitFragment(reference);
  const finding = findingOf(flake, { fragment, allowMoving });
  const example = 'Use for example "github:owner/repository/v1.2.3".';
  if (urlHoldsSecret(flake)) {
    problems.add('CDK8SNIX1201', prop, '(not shown)', 'It holds a credential, which anyone who can read the manifest would see.',
      'Leave it out, and use config.accessTokens or config.netrc, which take a Secret.');
  } else if (/^(?:(?:path|git\+file):)?(?:\/\/)?\.{1,2}(?:\/|#|$)/.test(flake)) {
    problems.add('CDK8SNIX1201', prop, reference, 'A relative path depends on where it is used, and the pod does not have your files.', example);
  } else if (!FLAKE_REFERENCE.test(flake)) {
    problems.add('CDK8SNIX1201', prop, reference, 'This is no flake reference; one of the registry, such as "nixpkgs", moves.', example);
  } else if (fragment !== undefined && attribute !== undefined) {
    problems.add('CDK8SNIX1201', `${prop}.attribute`, attribute, `The reference names the attribute ${JSON.stringify(fragment)} already.`, 'Name it once.');
  } else if (![fragment, attribute].every(name => name === undefined || ATTRIBUTE.test(name))) {
    problems.add('CDK8SNIX1201', `${prop}.attribute`, fragment ?? attribute, 'This is no attribute of a flake.',
      'Use for example "server", \'set."a.b"\', or "server^bin" for an output, or leave it out.');
  } else if (finding !== undefined) {
    problems.add(finding.isMoving ? 'CDK8SNIX1203' : 'CDK8SNIX1201', prop, reference, finding.problem, finding.remedy);
  }
}

export function checkStorePath(problems: Problems, prop: string, path: string, command: string[] | undefined): void {
  const match = typeof path === 'string' ? STORE_PATH.exec(path) : null;
  if (!match) {
    problems.add('CDK8SNIX1201', prop, path, 'This is no path in the store.', 'Use what `nix path-info` or `readlink` says, "/nix/store/…-hello-2.12.1/bin/hello".');
  } else if (match[1] !== undefined && !/^(?:\/(?!\.{1,2}(?:\/|$))[^/]+)+$/.test(match[1])) {
    problems.add('CDK8SNIX1201', prop, path, 'It names no file in that store path.', 'Use for example "/nix/store/…-hello-2.12.1/bin/hello", without "..", "." and "/" at the end.');
  } else if (/^[^/]+\.drv$/.test(path.split('/')[3])) {
    problems.add('CDK8SNIX1201', prop, path, 'It is how the package is built, and not the package.', 'Use what `nix path-info` says of the package.');
  } else if (match[1] === undefined && !command) {
    problems.add('CDK8SNIX1201', prop, path, 'It does not say which program to run.', `Name it, as in "${path}/bin/…", or in command.`);
  } else if (match[1] !== undefined && command) {
    problems.add('CDK8SNIX1201', `${prop}.command`, command, 'The path says what to run already.', 'Leave the command out, or name the store path alone; arguments are args.');
  }
}

function splitFragment(reference: string): [string, string | undefined] {
  const at = reference.indexOf('#');
  return at < 0 ? [reference, undefined] : [reference.slice(0, at), reference.slice(at + 1)];
}
