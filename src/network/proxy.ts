import { BlockList, isIP } from 'net';
import * as kplus from 'cdk8s-plus-28';
import { NixProxyOptions } from './network-options';
import { Problems } from '../base/problems';

/** Hosts that no proxy of the outside could reach. */
const IN_CLUSTER: readonly string[] = ['localhost', '127.0.0.1', '::1', '.svc', '.cluster.local'];

const PROTOCOLS: readonly string[] = ['http:', 'https:', 'socks5:', 'socks5h:'];

/** The variables of a proxy, in both spellings: curl reads `http_proxy` in lower case only, others in upper case only. */
export function proxyVariables(proxy: NixProxyOptions, clusterHosts: readonly string[]): kplus.k8s.EnvVar[] {
  const noProxy = [...new Set([...IN_CLUSTER, ...clusterHosts, ...proxy.noProxy ?? []])].join(',');
  const values: Array<[string, string | undefined]> = [['http_proxy', proxy.httpProxy], ['https_proxy', proxy.httpsProxy], ['no_proxy', noProxy]];
  return values.flatMap(([name, value]) => value === undefined ? [] : [{ name, value }, { name: name.toUpperCase(), value }]);
}

/** The proxy that Nix reaches a URL by; undefined if it goes there itself. */
export function proxyFor({ protocol, hostname }: URL, proxy: NixProxyOptions | undefined): string | undefined {
  const url = protocol === 'http:' ? proxy?.httpProxy : protocol === 'https:' ? proxy?.httpsProxy : undefined;
  return [...IN_CLUSTER, ...proxy?.noProxy ?? []].some(exception => isException(exception) && covers(exception, hostname)) ? undefined : url;
}

/** Whether a host is one of an exception: the host itself, a host of the domain, an address in the range. */
function covers(exception: string, hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const version = isIP(host);
  const [address, bits] = exception.split('/');
  if (bits !== undefined) {
    return version !== 0 && version === isIP(address) && inRange(host, address, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  }
  const domain = exception.replace(/^\*?\./, '').replace(/:[0-9]+$/, '');
  return exception === '*' || host === exception || host === domain || (version === 0 && host.endsWith(`.${domain}`));
}

function inRange(host: string, address: string, bits: number, family: 'ipv4' | 'ipv6'): boolean {
  const range = new BlockList();
  range.addSubnet(address, bits, family);
  return range.check(host, family);
}

/** Record what is wrong with a proxy. */
export function checkProxy(problems: Problems, proxy: NixProxyOptions): void {
  if (proxy.httpProxy === undefined && proxy.httpsProxy === undefined) {
    problems.add('CDK8SNIX1101', 'proxy', proxy, 'It names no proxy.', 'Give httpProxy, httpsProxy or both, or leave it out.');
  }
  checkUrl(problems, 'proxy.httpProxy', proxy.httpProxy);
  checkUrl(problems, 'proxy.httpsProxy', proxy.httpsProxy);
  (proxy.noProxy ?? []).filter(entry => !isException(entry)).forEach(entry => problems.add('CDK8SNIX1103', 'proxy.noProxy', entry,
    'An entry is one host name, suffix, address or CIDR.', 'Use for example ".example.org" or "10.0.0.0/8".'));
}

function checkUrl(problems: Problems, prop: string, url: string | undefined): void {
  if (url === undefined) {
    return;
  }
  const example = 'Use for example "http://proxy.example.org:3128".';
  // "$" would be expanded by Kubernetes.
  if (/[\s"'`$\\]/.test(url) || !URL.canParse(url) || !PROTOCOLS.includes(new URL(url).protocol) || new URL(url).hostname === '') {
    problems.add('CDK8SNIX1101', prop, url.replace(/\/\/[^/]*@/, '//…@'), `A proxy is a URL: ${PROTOCOLS.map(protocol => `${protocol}//`).join(', ')}.`, example);
    return;
  }
  const { username, password, pathname, search } = new URL(url);
  if (username !== '' || password !== '') {
    problems.add('CDK8SNIX1102', prop, url.replace(/\/\/[^/]*@/, '//…@'), 'User and password would stand in the manifest.',
      'Leave this prop out and set the variable of the containers from a Secret: EnvValue.fromSecretValue().');
  } else if (pathname.length > 1 || search !== '') {
    problems.add('CDK8SNIX1101', prop, url, 'A proxy has no path.', example);
  }
}

function isException(entry: string): boolean {
  const [address, bits, ...rest] = entry.split('/');
  const version = isIP(address);
  if (version !== 0) {
    return rest.length === 0 && (bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)));
  }
  return /^\*$|^(\*?\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$/.test(entry);
}
