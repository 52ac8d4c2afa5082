import { Names } from 'cdk8s';
import { IConstruct } from 'constructs';
import { listOf } from './pod-manifest';

/** The label of an environment's pods, by which NetworkPolicies and affinities find them. */
export const ENVIRONMENT_LABEL = 'cdk8s-nix/environment';

/** The label of a node by which it is one place, and not a kind of them. */
export const HOSTNAME_LABEL = 'kubernetes.io/hostname';

export function environmentLabels(environment: IConstruct): { readonly [label: string]: string } {
  return { [ENVIRONMENT_LABEL]: Names.toLabelValue(environment) };
}

/** With which pods a pod has to be: only one that all of these terms select counts, so two of them may leave it without a node. */
export function requiredTerms(affinity: any): any[] {
  return listOf(affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution);
}
