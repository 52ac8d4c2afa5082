import { Names } from 'cdk8s';
import { IConstruct } from 'constructs';

/** The label of an environment's pods, by which NetworkPolicies and affinities find them. */
export const ENVIRONMENT_LABEL = 'cdk8s-nix/environment';

export function environmentLabels(environment: IConstruct): { readonly [label: string]: string } {
  return { [ENVIRONMENT_LABEL]: Names.toLabelValue(environment) };
}
