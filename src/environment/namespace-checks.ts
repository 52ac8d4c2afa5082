import { ApiObject, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { Problem } from '../base/problems';
import { NeededObjects } from '../pod/needed-objects';
import { isPatched, metadataAsWished } from '../pod/written-manifest';

/** Where an object of an environment is; without an object, all that no patch has touched. */
interface Place {
  readonly namespace: string | undefined;
  readonly patched?: ApiObject;
}

/** Whether a workload is where the objects of its environment are, all of them as patches leave them. */
export function checkNamespace(environment: Construct, { kind, metadata = {} }: any): Problem[] {
  const objects = NeededObjects.of(environment).objects();
  const patched = objects.filter(isPatched);
  const own = Chart.of(environment).namespace;
  const all: Place[] = [
    ...patched.map(object => ({ namespace: metadataAsWished(object).namespace, patched: object })),
    ...(patched.length === 0 ? [{ namespace: own }] : []),
  ];
  return all.filter(({ namespace }) => namespace !== metadata.namespace).slice(0, 1).map(({ namespace: ours, patched: object }) => ({
    code: 'CDK8SNIX0505' as const,
    prop: 'metadata.namespace',
    value: metadata.namespace,
    problem: `The objects of the environment ${environment.node.path} are in ${JSON.stringify(ours) ?? 'the namespace of the release'}, where the pod cannot reach them.`,
    remedy: object && ours !== own ? `Leave out the patch of the namespace of ${object.kind}/${object.name}: that of the chart moves all of them.`
      // What is in a List has no namespace but its own, and a chart would give it none.
      : metadata.namespace === undefined ? `Set metadata.namespace: ${ours} in ${kind}/${metadata.name}.`
        : `${ours === undefined ? `Let ${kind}/${metadata.name} have no namespace of its own` : `Give ${kind}/${metadata.name} the namespace ${ours}`}, `
          + `by its chart or in its own manifest, or enable it by an environment that is in ${metadata.namespace}.`,
  }));
}
