import { ApiObject } from 'cdk8s';
import { metadataAsWished } from './written-manifest';
import { ErrorCode } from '../base/error-code';
import { isServiceName } from '../base/kubernetes-name';
import { Problem } from '../base/problems';

/** What is wrong with the name of a Service: cdk8s makes it of the ids of constructs, of which the first is often that of the chart. */
export function checkServiceName(service: ApiObject, code: ErrorCode): Problem[] {
  const { name = '' } = metadataAsWished(service);
  return isServiceName(name) ? [] : [{
    code,
    prop: `Service ${service.node.scope?.node.path}: metadata.name`,
    value: name,
    problem: 'The name of a Service begins with a letter and has lower-case letters, digits and "-"; 63 at most.',
    remedy: /^\d/.test(name) ? 'It is made of the ids of the constructs, from that of the chart: begin that with a letter.'
      : 'It is made of the ids of the constructs, or by generateObjectName of the chart: use others.',
  }];
}
