import { Problems } from '../base/problems';

/** The schemes of the binary caches that Nix reads. */
const SCHEMES = ['https', 'http', 's3', 'ssh', 'ssh-ng', 'file'];

/**
 * Record what is wrong with the URL of a binary cache.
 *
 * @returns whether it is one at all
 */
export function checkStoreUrl(problems: Problems, prop: string, url: string): boolean {
  if (!isStoreUrl(url)) {
    problems.add('CDK8SNIX0301', prop, withoutPassword(url), `A substituter is a URL without white space: ${SCHEMES.join(', ')}.`,
      'Use for example "https://cache.example.org".');
    return false;
  }
  const { protocol, searchParams } = new URL(url);
  if (/^[a-z0-9+-]+:\/\/[^/]*@/.test(url) && !url.startsWith('ssh')) {
    problems.add('CDK8SNIX0301', prop, withoutPassword(url), 'The URL carries a user or password into the manifest.',
      'Put it into a Secret and give that as `netrc`.');
  }
  if (/^(?:true|yes|1)$/.test(searchParams.get('trusted') ?? '')) {
    problems.add('CDK8SNIX0302', prop, withoutPassword(url), '`trusted` turns the checks of signatures off for this cache.', 'Leave it out, and give the public key of the cache.');
  }
  if (protocol === 's3:' && endpointOf(url) === undefined) {
    problems.add('CDK8SNIX0301', prop, withoutPassword(url), 'Its `scheme` and `endpoint` make no URL.', 'Use for example "s3://bucket?endpoint=minio.example.org:9000&scheme=http".');
    return false;
  }
  return true;
}

/** Where Nix connects to for a binary cache: a URL of http, https or ssh; undefined if that is nowhere outside of the pod. */
export function endpointOf(url: string): URL | undefined {
  if (!URL.canParse(url)) {
    return undefined;
  }
  const parsed = new URL(url);
  return parsed.protocol === 's3:' ? s3Endpoint(parsed) : parsed.protocol === 'file:' ? undefined : parsed;
}

/** The bucket's host at Amazon, unless the parameters name another one, with its scheme or without. */
function s3Endpoint({ hostname, searchParams }: URL): URL | undefined {
  const scheme = searchParams.get('scheme') ?? 'https';
  const endpoint = searchParams.get('endpoint') ?? '';
  const text = endpoint === '' ? `${scheme}://${hostname}.s3.amazonaws.com` : endpoint.includes('://') ? endpoint : `${scheme}://${endpoint}`;
  return /^https?:/.test(text) && URL.canParse(text) ? new URL(text) : undefined;
}

function isStoreUrl(url: string): boolean {
  if (/[\s"'`$\\]/.test(url) || !URL.canParse(url)) {
    return false;
  }
  const { protocol, hostname, pathname } = new URL(url);
  return SCHEMES.includes(protocol.slice(0, -1)) && (hostname !== '' || (protocol === 'file:' && pathname.length > 1));
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//…@');
}
