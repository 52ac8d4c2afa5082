import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { Problem } from '../base/problems';

/** Whether a workload is where the objects of its environment are. */
export function checkNamespace(environment: Construct, { metadata = {} }: any): Problem[] {
  const ours = Chart.of(environment).namespace;
  return ours === metadata.namespace ? [] : [{
    code: 'CDK8SNIX0505',
    prop: 'metadata.namespace',
    value: metadata.namespace,
    problem: `The objects of the environment ${environment.node.path} are in ${JSON.stringify(ours) ?? 'the namespace of the release'}, where the pod cannot reach them.`,
    // What is in a List has no namespace but its own.
    remedy: metadata.namespace === undefined ? `Set metadata.namespace: ${ours}.` : 'Set the namespace on the chart.',
  }];
}
