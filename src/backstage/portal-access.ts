import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { BackstageIngressOptions } from './backstage-access';
import { BackstageNixProps } from './backstage-nix-props';

/** Host and path of a base URL. One that is none is reported elsewhere. */
export interface PublicAddress {
  readonly host: string;
  /** `/`, or a path without a slash at its end. */
  readonly path: string;
}

export function publicAddress(baseUrl: string): PublicAddress {
  if (!URL.canParse(baseUrl)) {
    return { host: 'invalid', path: '/' };
  }
  const { hostname, pathname } = new URL(baseUrl);
  return { host: hostname, path: pathname.replace(/\/+$/, '') || '/' };
}

/** The Service in front of the pods. */
export function portalService(scope: Construct, props: BackstageNixProps, deployment: kplus.Deployment, port: number): kplus.Service {
  const service = new kplus.Service(scope, 'Service', {
    ports: [{ name: 'http', port: 80, targetPort: port }],
    selector: props.selector ? undefined : deployment,
    ...props.service,
  });
  if (!props.service?.selector) {
    Object.entries(props.selector ?? {}).forEach(([label, value]) => service.selectLabel(label, value));
  }
  return service;
}

/** The port of the Service that leads to the portal. */
export function servicePort(service: kplus.Service, port: number): number {
  return (service.ports.find(other => (other.targetPort ?? other.port) === port) ?? service.ports[0])?.port ?? port;
}

/** The Ingress that leads to a port of the Service. */
export function portalIngress(
  scope: Construct, options: BackstageIngressOptions, { host, path }: PublicAddress, service: kplus.Service, port: number,
): kplus.Ingress {
  const ingress = new kplus.Ingress(scope, 'Ingress', {
    className: options.className,
    metadata: { ...options.metadata, annotations: { ...options.metadata?.annotations, ...options.annotations } },
  });
  ingress.addHostRule(host, path, kplus.IngressBackend.fromService(service, { port }), kplus.HttpIngressPathType.PREFIX);
  if (options.tlsSecret) {
    ingress.addTls([{ hosts: [host], secret: options.tlsSecret }]);
  }
  return ingress;
}
