import { ApiObject } from 'cdk8s';
import { isObject } from './pod-manifest';

/** What jsii writes into every class of a library: which it is. The same symbol in all copies. */
const JSII_TYPE = Symbol.for('jsii.rtti');

/** The workloads of cdk8s-plus, of any generation and copy. */
const CDK8S_PLUS = /^cdk8s-plus-\d+\./;

/**
 * Whether somebody asked for a field of a workload's spec, as far as it can be known. It stands in the manifest if so; but cdk8s-plus
 * writes defaults there too, such as two replicas, and those nobody asked for. It is told by the class, which jsii marks, and by
 * `_props`, where every generation of cdk8s-plus keeps what a workload was given. Were there none, a default could not be told from a
 * wish, and counts as one.
 *
 * @param field of the manifest, which the props of cdk8s-plus call the same
 */
export function isAskedFor(object: ApiObject, spec: any, field: string): boolean {
  if (!isSaid(spec?.[field])) {
    return false;
  }
  const workload = object.node.scope as { readonly _props?: { readonly [prop: string]: unknown } } | undefined;
  return !hasDefaults(object) || workload?._props === undefined || workload._props[field] !== undefined;
}

/** Whether cdk8s-plus has made an object, and so written defaults of its own into it. */
export function hasDefaults(object: ApiObject): boolean {
  const workload = object.node.scope;
  return workload !== undefined && workload.node.defaultChild === object && isOfCdk8sPlus(workload);
}

/**
 * Whether a field says anything: `kubectl create --dry-run` writes `strategy: {}`, and a chart whose value is not set `type: ""`, which is what it
 * would be without.
 */
export function isSaid(value: unknown): boolean {
  return isObject(value) ? Object.values(value as object).some(isGiven) : isGiven(value);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function isOfCdk8sPlus(workload: object): boolean {
  for (let type = workload.constructor; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
    const { fqn = '' } = (type as { [JSII_TYPE]?: { readonly fqn?: string } })[JSII_TYPE] ?? {};
    if (CDK8S_PLUS.test(fqn)) {
      return true;
    }
  }
  return false;
}
