import { Manifest } from '../../support/kubernetes/manifest';

/** All Services, and the API server, are at one address of the harness. */
const ADDRESS = '127.0.0.1';

const API_SERVER: Manifest = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kubernetes' },
  spec: { clusterIP: ADDRESS, ports: [{ name: 'https', port: 443 }] },
};

/**
 * The variables that the kubelet gives to every container: where the API server is and, unless the pod has `enableServiceLinks: false`,
 * the Services of the namespace that were there before the pod.
 */
export function serviceVariables(services: Manifest[], enableServiceLinks: boolean = true): Map<string, string> {
  const seen = [...(enableServiceLinks ? services.filter(({ spec }) => spec.clusterIP !== 'None') : []), API_SERVER];
  return new Map(seen.flatMap(({ metadata, spec: { ports = [] } }) => {
    const prefix = prefixOf(metadata.name);
    return [...discovery(prefix, ports), ...links(prefix, ports)];
  }));
}

function prefixOf(service: string): string {
  return service.toUpperCase().replace(/-/g, '_');
}

interface Port {
  readonly port: number;
  readonly name?: string;
  readonly protocol?: string;
}

function discovery(prefix: string, ports: Port[]): [string, string][] {
  return ports.length === 0 ? [] : [
    [`${prefix}_SERVICE_HOST`, ADDRESS],
    [`${prefix}_SERVICE_PORT`, `${ports[0].port}`],
    ...ports.filter(({ name }) => name).map(({ name, port }): [string, string] => [`${prefix}_SERVICE_PORT_${prefixOf(name!)}`, `${port}`]),
  ];
}

/** The form of Docker's links. */
function links(prefix: string, ports: Port[]): [string, string][] {
  return ports.flatMap(({ port, protocol = 'TCP' }, i) => {
    const kind = protocol.toLowerCase();
    const url = `${kind}://${ADDRESS}:${port}`;
    const name = `${prefix}_PORT_${port}_${protocol}`;
    return [
      ...(i === 0 ? [[`${prefix}_PORT`, url]] : []),
      [name, url], [`${name}_PROTO`, kind], [`${name}_PORT`, `${port}`], [`${name}_ADDR`, ADDRESS],
    ] as [string, string][];
  });
}
