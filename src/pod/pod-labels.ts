import { Names } from 'cdk8s';
import { IConstruct } from 'constructs';

/** The label of an environment's pods, by which NetworkPolicies and affinities find them. */
export const ENVIRONMENT_LABEL = 'cdk8s-nix/environment';

/** The label that cdk8s-plus, of any generation, gives to the pods of a workload: it finds those of this one alone. */
const ADDRESS_LABEL = 'cdk8s.io/metadata.addr';

export function environmentLabels(environment: IConstruct): { readonly [label: string]: string } {
  return { [ENVIRONMENT_LABEL]: Names.toLabelValue(environment) };
}

/** The labels by which cdk8s-plus finds the pods of a workload; none if something else has made it. */
export function addressLabels({ metadata }: { readonly metadata: any }): { readonly [label: string]: string } | undefined {
  const address = metadata.labels?.[ADDRESS_LABEL];
  return address === undefined ? undefined : { [ADDRESS_LABEL]: address };
}
