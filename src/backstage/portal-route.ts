import { ApiObject } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { BackstageHttpRouteOptions } from './backstage-access';
import { PublicAddress } from './portal-access';
import { isDnsLabel, isDnsSubdomain } from '../base/kubernetes-name';
import { Problems } from '../base/problems';

/** The HTTPRoute that leads to a port of the Service. cdk8s-plus has no Gateway API. */
export function portalRoute(
  scope: Construct, options: BackstageHttpRouteOptions, { host, path }: PublicAddress, service: kplus.Service, port: number,
): ApiObject {
  const strips = path !== '/' && (options.stripPath ?? true);
  return new ApiObject(scope, 'HttpRoute', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: options.metadata,
    spec: {
      parentRefs: [{
        name: options.gateway,
        ...(options.gatewayNamespace === undefined ? {} : { namespace: options.gatewayNamespace }),
        ...(options.listener === undefined ? {} : { sectionName: options.listener }),
      }],
      hostnames: options.hostnames ?? [host],
      rules: [{
        matches: [{ path: { type: 'PathPrefix', value: path } }],
        ...(strips ? { filters: [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } }] } : {}),
        backendRefs: [{ name: service.name, port }],
      }],
    },
  });
}

/** Record what a Gateway would not take, or would never ask the portal for. */
export function checkRoute(problems: Problems, options: BackstageHttpRouteOptions, host: string): void {
  const refuse = (prop: string, value: unknown, problem: string, remedy: string) => problems.add('CDK8SNIX0909', `httpRoute.${prop}`, value, problem, remedy);
  if (!isDnsSubdomain(options.gateway)) {
    refuse('gateway', options.gateway, 'It is no name of an object.', 'Use a name that `kubectl get gateways -A` lists.');
  }
  if (options.gatewayNamespace !== undefined && !isDnsLabel(options.gatewayNamespace)) {
    refuse('gatewayNamespace', options.gatewayNamespace, 'It is no name of a namespace.', 'Use for example "gateways", or leave it out.');
  }
  if (options.listener !== undefined && !isDnsSubdomain(options.listener)) {
    refuse('listener', options.listener, 'It is no name of a listener.', 'Use a name of the Gateway\'s `spec.listeners`, or leave it out.');
  }
  const { hostnames } = options;
  hostnames?.forEach((hostname, i) => {
    if (!isDnsSubdomain(hostname.replace(/^\*\./, ''))) {
      refuse(`hostnames[${i}]`, hostname, 'A host name has lower-case letters, digits, "-" and ".", and no port.', 'Use for example "portal.example.org".');
    }
  });
  if (hostnames && !hostnames.some(hostname => covers(hostname, host))) {
    refuse('hostnames', hostnames, `The host of the base URL, ${host}, is not among them.`, 'Add it, or leave them out.');
  }
}

function covers(hostname: string, host: string): boolean {
  return hostname === host || (hostname.startsWith('*.') && host.endsWith(hostname.slice(1)) && host.length > hostname.length - 1);
}
