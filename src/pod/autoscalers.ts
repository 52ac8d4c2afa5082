import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { isKind } from './object-kind';
import { mayBeList, objectsOf } from './pod-manifest';

/** KEDA's, where a ScaledObject does not say. */
const KEDA_MOST_REPLICAS = 100;

/** Whether one of these objects is among those of an app, by where its app keeps what was found. */
const FOUND = Symbol.for('cdk8s-nix.autoscalers');

interface Found {
  /** The most pods that an autoscaler may make of a workload, by the workload's namespace, kind and name. */
  mostReplicas?: ReadonlyMap<string, number>;
}

/** Look for autoscalers anew whenever the app is synthesized: once for all workloads. */
export function watchAutoscalers(construct: IConstruct): void {
  const { root } = construct.node;
  if (!(FOUND in root)) {
    const found: Found = {};
    Object.defineProperty(root, FOUND, { value: found });
    root.node.addValidation({
      validate: () => {
        found.mostReplicas = undefined;
        return [];
      },
    });
  }
}

/** The most pods that an autoscaler of the app may make of a workload; 0 if there is none. */
export function autoscaledTo(construct: IConstruct, workload: any): number {
  const { root } = construct.node;
  const found = (root as { [FOUND]?: Found })[FOUND];
  const mostReplicas = found?.mostReplicas ?? findAutoscalers(root);
  if (found) {
    found.mostReplicas = mostReplicas;
  }
  return mostReplicas.get(keyOf(workload.metadata?.namespace, workload.kind, workload.metadata?.name)) ?? 0;
}

function findAutoscalers(root: IConstruct): Map<string, number> {
  const all = new Map<string, number>();
  const objects = root.node.findAll().filter(ApiObject.isApiObject).filter(object => isAutoscaler(object) || mayBeList(object));
  for (const { metadata, spec, kind } of objects.flatMap(object => objectsOf(object.toJson())).map(({ object }) => object).filter(isAutoscaler)) {
    const { kind: targetKind = 'Deployment', name } = spec?.scaleTargetRef ?? {};
    const key = keyOf(metadata?.namespace, targetKind, name);
    const most = kind === 'ScaledObject' ? spec?.maxReplicaCount ?? KEDA_MOST_REPLICAS : spec?.maxReplicas ?? 0;
    all.set(key, Math.max(all.get(key) ?? 0, most));
  }
  return all;
}

function isAutoscaler(object: { readonly kind: string; readonly apiVersion?: string }): boolean {
  return isKind(object, 'HorizontalPodAutoscaler', 'autoscaling') || isKind(object, 'ScaledObject', 'keda.sh');
}

function keyOf(namespace: string | undefined, kind: string, name: string): string {
  return `${namespace ?? ''}/${kind}/${name}`;
}
