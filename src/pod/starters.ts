import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { isKind } from './object-kind';
import { mayBeList, objectsOf } from './pod-manifest';
import { manifestAsWished } from './written-manifest';
import { foundInApp } from '../base/found-in-app';

/** KEDA's, where a ScaledObject or a ScaledJob does not say. */
export const KEDA_MOST_REPLICAS = 100;

/** What else in an app decides how many pods of a workload there are, and how they are replaced. */
export interface Starters {
  /** The most pods that an autoscaler may make of it; 0 if there is none. */
  readonly autoscaledTo: number;
  /** Whether it does so where there is none: Kubernetes' own leaves that alone, unless its least is none. */
  readonly startsFirst: boolean;
  /** Rollouts that run its pods: they name it as their `workloadRef`. */
  readonly rollouts: readonly StartingRollout[];
}

export interface StartingRollout {
  readonly name: string;
  /** The most pods of it at a time, while none is replaced. */
  readonly replicas: number;
  readonly strategy: any;
}

export function startAny({ autoscaledTo, rollouts }: Starters): boolean {
  return autoscaledTo > 0 || rollouts.length > 0;
}

/** Whether any pod of a workload runs, by itself or by what else there is. */
export function isStarted({ spec }: any, { startsFirst, rollouts }: Starters): boolean {
  return spec?.replicas !== 0 || startsFirst || rollouts.some(({ replicas }) => replicas > 0);
}

/** Where an app keeps what was found; the same in every copy of this library. */
const FOUND = Symbol.for('cdk8s-nix.starters');

const NONE: Starters = { autoscaledTo: 0, startsFirst: false, rollouts: [] };

/** What else of the app starts pods of a workload. */
export function startersOf(construct: IConstruct, workload: any): Starters {
  const { root } = construct.node;
  return foundInApp(root, FOUND, () => findStarters(root)).get(keyOf(workload.metadata?.namespace, workload.kind, workload.metadata?.name)) ?? NONE;
}

function findStarters(root: IConstruct): Map<string, Starters> {
  const objects = root.node.findAll().filter(ApiObject.isApiObject).filter(object => isStarter(object) || mayBeList(object))
    .flatMap(object => objectsOf(manifestAsWished(object))).map(({ object }) => object);
  const all = new Map<string, Starters>();
  for (const { metadata, spec, kind } of objects.filter(isAutoscaler)) {
    const { kind: targetKind = 'Deployment', name } = spec?.scaleTargetRef ?? {};
    const most = kind === 'ScaledObject' ? spec?.maxReplicaCount ?? KEDA_MOST_REPLICAS : spec?.maxReplicas ?? 0;
    const startsFirst = most > 0 && (kind === 'ScaledObject' || spec?.minReplicas === 0);
    add(all, keyOf(metadata?.namespace, targetKind, name), { autoscaledTo: most, startsFirst, rollouts: [] });
  }
  for (const { metadata, spec, kind } of objects.filter(isRollout).filter(rollout => rollout.spec?.workloadRef)) {
    const { autoscaledTo } = all.get(keyOf(metadata?.namespace, kind, metadata?.name)) ?? NONE;
    const rollout = { name: metadata?.name, replicas: Math.max(spec.replicas ?? 1, autoscaledTo), strategy: spec.strategy };
    add(all, keyOf(metadata?.namespace, spec.workloadRef.kind, spec.workloadRef.name), { ...NONE, rollouts: [rollout] });
  }
  return all;
}

function add(all: Map<string, Starters>, key: string, { autoscaledTo, startsFirst, rollouts }: Starters): void {
  const known = all.get(key) ?? NONE;
  all.set(key, {
    autoscaledTo: Math.max(known.autoscaledTo, autoscaledTo),
    startsFirst: known.startsFirst || startsFirst,
    rollouts: [...known.rollouts, ...rollouts],
  });
}

interface Kinded {
  readonly kind: string;
  readonly apiVersion?: string;
}

function isStarter(object: Kinded): boolean {
  return isAutoscaler(object) || isRollout(object);
}

function isAutoscaler(object: Kinded): boolean {
  return isKind(object, 'HorizontalPodAutoscaler', 'autoscaling') || isKind(object, 'ScaledObject', 'keda.sh');
}

function isRollout(object: Kinded): boolean {
  return isKind(object, 'Rollout', 'argoproj.io');
}

function keyOf(namespace: string | undefined, kind: string, name: string): string {
  return `${namespace ?? ''}/${kind}/${name}`;
}
