import { Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { Problem } from '../base/problems';
import { NeededObjects } from '../pod/needed-objects';
import { isPatched, metadataAsWished } from '../pod/written-manifest';

/** Whether a workload is where the objects of its environment are, all of them as patches leave them. */
export function checkNamespace(environment: Construct, { metadata = {} }: any): Problem[] {
  const patched = NeededObjects.of(environment).objects().filter(isPatched);
  const all = [...patched.map(object => metadataAsWished(object).namespace), ...(patched.length === 0 ? [Chart.of(environment).namespace] : [])];
  return all.filter(namespace => namespace !== metadata.namespace).slice(0, 1).map(ours => ({
    code: 'CDK8SNIX0505' as const,
    prop: 'metadata.namespace',
    value: metadata.namespace,
    problem: `The objects of the environment ${environment.node.path} are in ${JSON.stringify(ours) ?? 'the namespace of the release'}, where the pod cannot reach them.`,
    // What is in a List has no namespace but its own.
    remedy: metadata.namespace === undefined ? `Set metadata.namespace: ${ours}.` : 'Set the namespace on the chart.',
  }));
}
