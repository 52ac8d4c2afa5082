import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { withFields } from '../pod/plain-value';
import { editManifest } from '../pod/written-manifest';

/** Stands in for the port that kplus insists on, until the Service is written. */
const NO_PORT = 'cdk8s-nix-no-port';

/**
 * The Service that gives the pods of a StatefulSet their names. It needs no port for that, but kplus insists on one.
 */
export class HeadlessService extends kplus.Service {
  constructor(scope: Construct, id: string, namespace?: string) {
    super(scope, id, { metadata: { namespace }, clusterIP: 'None', ports: [{ name: NO_PORT, port: 1 }] });
    editManifest(this.apiObject, ({ spec, ...manifest }) => ({ ...manifest, spec: withoutStandIn(spec) }));
  }

  public get ports(): kplus.ServicePort[] {
    return super.ports.filter(isWanted);
  }

  public get port(): number {
    return this.ports[0].port;
  }
}

function withoutStandIn({ externalIPs = [], ports = [], ...spec }: kplus.k8s.ServiceSpec): object {
  const wanted = ports.filter(isWanted);
  const addresses = wanted.length === 0 && externalIPs.length === 0 ? {} : { externalIPs };
  return withFields(spec, { ...addresses, ports: wanted.length === 0 ? undefined : wanted });
}

function isWanted({ name }: { readonly name?: string }): boolean {
  return name !== NO_PORT;
}
