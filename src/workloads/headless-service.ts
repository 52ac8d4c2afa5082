import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { keepPatchedFields } from '../pod/written-manifest';

/**
 * The Service that gives the pods of a StatefulSet their names. It needs no port for that, but kplus insists on one.
 */
export class HeadlessService extends kplus.Service {
  constructor(scope: Construct, id: string, namespace?: string) {
    super(scope, id, { metadata: { namespace }, clusterIP: 'None' });
    keepPatchedFields(this.apiObject);
  }

  /**
   * @internal
   */
  public _toKube(): kplus.k8s.ServiceSpec {
    if (this.ports.length > 0) {
      return super._toKube();
    }
    const { _selector: selector } = this as unknown as { _selector: { [label: string]: string } };
    return { clusterIp: this.clusterIP, type: this.type, selector };
  }
}
