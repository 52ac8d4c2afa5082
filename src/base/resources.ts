import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';

/** Resources as kplus' containers render them. */
export function renderResources(resources: kplus.ContainerResources): kplus.k8s.ResourceRequirements {
  return { requests: side(resources, 'request'), limits: side(resources, 'limit') };
}

function side({ cpu, memory, ephemeralStorage }: kplus.ContainerResources, name: 'request' | 'limit'): { [resource: string]: kplus.k8s.Quantity } | undefined {
  const amounts: { [resource: string]: kplus.k8s.Quantity } = {};
  add(amounts, 'cpu', cpu?.[name]?.amount);
  add(amounts, 'memory', mebibytes(memory?.[name]));
  add(amounts, 'ephemeral-storage', mebibytes(ephemeralStorage?.[name]));
  return Object.keys(amounts).length === 0 ? undefined : amounts;
}

function add(amounts: { [resource: string]: kplus.k8s.Quantity }, resource: string, amount: string | undefined): void {
  if (amount !== undefined) {
    amounts[resource] = kplus.k8s.Quantity.fromString(amount);
  }
}

function mebibytes(size: Size | undefined): string | undefined {
  return size && `${size.toMebibytes()}Mi`;
}
