import { Names } from 'cdk8s';
import { IConstruct } from 'constructs';
import { listOf } from './pod-manifest';

/** The label of an environment's pods, by which NetworkPolicies and affinities find them. */
export const ENVIRONMENT_LABEL = 'cdk8s-nix/environment';

export function environmentLabels(environment: IConstruct): { readonly [label: string]: string } {
  return { [ENVIRONMENT_LABEL]: Names.toLabelValue(environment) };
}

/** Whether a pod has to be with the pods of an environment on one node. */
export function joinsEnvironment(affinity: any): boolean {
  const selects = (selector: any): boolean => selector?.matchLabels?.[ENVIRONMENT_LABEL] !== undefined
    || listOf(selector?.matchExpressions).some(expression => expression?.key === ENVIRONMENT_LABEL);
  return listOf(affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution)
    .some(term => term?.topologyKey === 'kubernetes.io/hostname' && selects(term.labelSelector));
}
