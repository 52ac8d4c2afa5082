import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';

/** Resources as kplus' containers render them. */
export function renderResources(resources: kplus.ContainerResources): kplus.k8s.ResourceRequirements {
  const side = (name: 'request' | 'limit'): { [resource: string]: kplus.k8s.Quantity } | undefined => {
    const amounts: Array<[string, string | undefined]> = [
      ['cpu', resources.cpu?.[name]?.amount],
      ['memory', mebibytes(resources.memory?.[name])],
      ['ephemeral-storage', mebibytes(resources.ephemeralStorage?.[name])],
    ];
    const given = amounts.filter((amount): amount is [string, string] => amount[1] !== undefined);
    return given.length === 0 ? undefined : Object.fromEntries(given.map(([resource, amount]) => [resource, kplus.k8s.Quantity.fromString(amount)]));
  };
  return { requests: side('request'), limits: side('limit') };
}

function mebibytes(size: Size | undefined): string | undefined {
  return size && `${size.toMebibytes()}Mi`;
}
