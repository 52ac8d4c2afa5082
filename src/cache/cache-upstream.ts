import { NginxUpstream } from './nginx-config';
import { Problem } from '../base/problems';
import { Substituter } from '../config/substituter';

/** An upstream as nginx has it. The folder is named after the URL, so that it stays the same when others come and go. */
export function cacheUpstream(substituter: Substituter): NginxUpstream {
  const { origin, host, pathname } = new URL(substituter.url);
  const path = pathname.replace(/\/+$/, '');
  return { name: `${host}${path}`.toLowerCase().replace(/[^a-z0-9.]+/g, '-').replace(/^[-.]+|[-.]+$/g, ''), url: `${origin}${path}` };
}

/** What is wrong with an upstream that is a valid substituter. */
export function checkUpstream(substituter: Substituter, prop: string, earlier: Substituter[]): Problem | undefined {
  const refuse = (problem: string, remedy: string): Problem => ({ code: 'CDK8SNIX0801', prop, value: substituter.url, problem, remedy });
  const { protocol, hostname, search } = new URL(substituter.url);
  const isAddress = /^[0-9.]+$|^\[/.test(hostname);
  if (protocol !== 'http:' && protocol !== 'https:') {
    return refuse('The cache speaks HTTP to its upstreams.', 'Give such a cache to the environments directly, in config.substituters.');
  }
  if (search !== '') {
    return refuse('Parameters of a store URL are for Nix, not for the cache behind it.', 'Leave them out.');
  }
  if (isAddress && protocol === 'https:') {
    return refuse('Certificates are checked against a host name.', 'Use the name.');
  }
  if (!isAddress && (!hostname.includes('.') || hostname.endsWith('.svc'))) {
    return refuse('nginx looks names up as they are, without the search domains of the pod.',
      'Use the whole name, for example "https://cache.tools.svc.cluster.local".');
  }
  const { name } = cacheUpstream(substituter);
  if (earlier.some(other => cacheUpstream(other).name === name)) {
    return { code: 'CDK8SNIX0802', prop, value: substituter.url, problem: `There is an upstream in the folder "${name}" already.`, remedy: 'Leave one of them out.' };
  }
  return undefined;
}
