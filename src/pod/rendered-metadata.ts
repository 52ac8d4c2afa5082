import { ApiObject } from 'cdk8s';
import { isDictionary } from './dictionary';
import { keysOf } from './plain-value';
import { hasBuiltInResolvers } from './resolved-value';

/** What is relied on of cdk8s' metadata and not public. */
interface Metadata {
  readonly name?: unknown;
  readonly namespace?: unknown;
  readonly labels: unknown;
  readonly annotations: unknown;
  readonly finalizers: unknown;
  readonly ownerReferences: unknown;
  /** What it was given: the fields above, and others. */
  readonly _additionalAttributes: unknown;
}

interface Texts {
  readonly [name: string]: string;
}

const KNOWN: readonly string[] = ['annotations', 'finalizers', 'labels', 'name', 'namespace', 'ownerReferences'];

/**
 * The metadata of an object as cdk8s renders them. Nearly all of them are texts, in which there is nothing to resolve: cdk8s' own way, which asks its
 * resolvers at each, takes as long as ours for all the rest of a workload.
 */
export function renderedMetadata(object: ApiObject): any {
  const { name, namespace, labels, annotations, finalizers, ownerReferences, _additionalAttributes: given } = object.metadata as unknown as Metadata;
  if (!isTextOrNothing(name) || !isTextOrNothing(namespace) || !areTexts(labels) || !areTexts(annotations)
    || !isNone(finalizers) || !isNone(ownerReferences) || !isOfKnownFields(given) || !hasBuiltInResolvers(object)) {
    return object.metadata.toJson();
  }
  const rendered: { [field: string]: unknown } = {};
  if (Object.keys(annotations).length > 0) {
    rendered.annotations = sorted(annotations);
  }
  if (Object.keys(labels).length > 0) {
    rendered.labels = sorted(labels);
  }
  if (name !== undefined) {
    rendered.name = name;
  }
  if (namespace !== undefined) {
    rendered.namespace = namespace;
  }
  return Object.keys(rendered).length === 0 ? undefined : rendered;
}

/** The annotations among them, in any order. */
export function renderedAnnotations(object: ApiObject): { readonly [name: string]: string } {
  const { annotations, _additionalAttributes: given } = object.metadata as unknown as Metadata;
  return areTexts(annotations) && isOfKnownFields(given) ? annotations : object.metadata.toJson()?.annotations ?? {};
}

function sorted(texts: Texts): Texts {
  const all: { [name: string]: string } = {};
  for (const name of keysOf(texts, true)) {
    all[name] = texts[name];
  }
  return all;
}

function isTextOrNothing(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function areTexts(value: unknown): value is Texts {
  return typeof value === 'object' && value !== null && isDictionary(value) && Object.values(value).every(text => typeof text === 'string');
}

function isNone(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isOfKnownFields(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).every(field => KNOWN.includes(field));
}
