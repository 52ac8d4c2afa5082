import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { mayBeList, objectsOf, podsOf, startsPods } from './pod-manifest';
import { manifestAsMade } from './written-manifest';

/** Which objects are meant, among those that a construct leads to. */
export interface PodSelector {
  readonly kind?: string;
  readonly name?: string;
}

/** An object with pods that a construct leads to. */
export interface PodTarget {
  readonly object: ApiObject;
  /** Where it is in the tree, as its user knows it: the construct that was given if it stands for this one object. */
  readonly construct: IConstruct;
  /** Kind and name of the objects in it that are meant: one, or several of a List. */
  readonly parts: PodTargetPart[];
}

export interface PodTargetPart {
  readonly kind: string;
  readonly apiVersion?: string;
  readonly name: string;
}

/** Those of the objects that are meant. */
export function selectTargets(targets: PodTarget[], select: readonly PodSelector[] | undefined): PodTarget[] {
  return select === undefined ? targets : targets
    .map(target => ({ ...target, parts: target.parts.filter(part => select.some(wanted => matches(part, wanted))) }))
    .filter(({ parts }) => parts.length > 0);
}

export function matches(part: PodTargetPart, { kind, name }: PodSelector): boolean {
  return (kind === undefined || part.kind === kind) && (name === undefined || part.name === name);
}

/** What an object of a manifest is known by. */
export function partOf({ kind, apiVersion, metadata }: any): PodTargetPart {
  return { kind, apiVersion, name: metadata?.name ?? '' };
}

/** Whether a part of a target is this object of its manifest. */
export function isPart(part: PodTargetPart, object: any): boolean {
  return part.kind === object.kind && part.apiVersion === object.apiVersion && part.name === (object.metadata?.name ?? '');
}

/**
 * The objects with pods behind a construct: the one it stands for, as a workload of any cdk8s-plus does, or all below it.
 *
 * @param podTemplates where pods of custom resources are, as JSON pointers
 */
export function podTargets(construct: IConstruct, podTemplates: readonly string[] | undefined): PodTarget[] {
  const own = ownObject(construct);
  const parts = own ? partsOf(own, podTemplates) : [];
  if (own && parts.length > 0) {
    return [{ object: own, construct, parts }];
  }
  return construct.node.findAll().filter(ApiObject.isApiObject).map(object => ({ object, construct: object, parts: partsOf(object, podTemplates) }))
    .filter(target => target.parts.length > 0);
}

/** The object that a construct stands for, as `ApiObject.of` finds it. */
function ownObject(construct: IConstruct): ApiObject | undefined {
  if (ApiObject.isApiObject(construct)) {
    return construct;
  }
  const child = construct.node.tryFindChild('Resource') && construct.node.tryFindChild('Default') ? undefined : construct.node.defaultChild;
  return child && ownObject(child);
}

/** Only where the kind does not tell, the manifest is looked at: a workload may not be complete yet. */
function partsOf(object: ApiObject, podTemplates: readonly string[] | undefined): PodTargetPart[] {
  const { kind, apiVersion, name } = object;
  if (startsPods(object)) {
    return [{ kind, apiVersion, name }];
  }
  if (!mayBeList(object) && podTemplates === undefined) {
    return [];
  }
  return objectsOf(manifestAsMade(object)).map(({ object: inner }) => inner).filter(inner => podsOf(inner, podTemplates).length > 0)
    .map(partOf);
}
