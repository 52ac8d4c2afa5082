import { isKnative } from './knative';
import { ObjectMetadata } from '../base/object-metadata';
import { NixUser } from '../home/nix-user';
import { BoundStore, VolumePlaces } from '../pod/bound-store';
import { isObject } from '../pod/pod-manifest';
import { PodAdditions } from '../pod/pod-merge';
import { textOf } from '../pod/text-of';
import { EnvironmentPrograms } from '../program/environment-programs';

/** How many are remembered: the workloads of an app are of a few shapes. */
const MOST = 50;

/** What was fine, by all that the checks read of it: something else is another text, so nothing here is ever out of date. */
const known = new Set<string>();

export function isKnown(shape: string): boolean {
  return known.has(shape);
}

export function remember(shape: string): void {
  if (known.size >= MOST) {
    known.clear();
  }
  known.add(shape);
}

/** What a workload is held against. */
interface Measures {
  readonly store: BoundStore;
  readonly places: VolumePlaces;
  readonly user: NixUser;
  readonly programs: EnvironmentPrograms;
}

/**
 * A loop that makes a thousand workloads makes a thousand that say the same, but for names and labels: what was fine in one is not looked at in the
 * next.
 *
 * @param object the manifest of a workload that is not patched
 * @param hasDefaults whether what it says of root may be nobody's wish
 * @returns all that its checks read, but for names, labels, and what only messages have; undefined where they read more, or there is no text for it
 */
export function shapeOf(object: any, additions: PodAdditions, { store, places, user, programs }: Measures, hasDefaults: boolean): string | undefined {
  const template = templateOf(object);
  if (template === undefined || isKnative(object) || store.served || store.claimTemplate || programs.names.length > 0) {
    return undefined;
  }
  const { kind, apiVersion, spec: { selector, ...spec } } = object;
  const beside = spec.template === template ? { ...spec, template: undefined }
    : { ...spec, jobTemplate: { ...spec.jobTemplate, spec: { ...spec.jobTemplate.spec, template: undefined } } };
  const { containerNames, firstContainers, initContainers, nixInitContainers, mounts, variables, volumes } = additions;
  const nameOf = ({ name }: { readonly name: string }): string => name;
  const text = textOf([
    kind, apiVersion ?? '', beside, Object.keys(template), template.spec, template.metadata?.annotations ?? '', hasDefaults,
    user.uid, user.gid ?? '', user.fsGroup ?? '', user.isRoot, places,
    additions.level, additions.leavesOthersAlone, additions.nodeSelector,
    containerNames ? [...containerNames] : '', firstContainers ? [...firstContainers] : '',
    initContainers.map(nameOf), nixInitContainers.map(nameOf), mounts, variables,
    // What a volume is, and not which: each workload has a claim of its own.
    volumes.map(volume => [volume.name, Object.keys(volume)]),
  ]);
  // JSON writes NaN and the like as null too, and they are not the same.
  return text?.includes('null') ? undefined : text;
}

/** The names and labels beside: those of the pods. */
export function podMetadataOf(object: any): ObjectMetadata {
  return templateOf(object)?.metadata ?? {};
}

/** Where nearly all workloads have their pod; undefined for others. */
function templateOf({ spec }: any): any {
  const template = spec?.template ?? spec?.jobTemplate?.spec?.template;
  return isObject(template) ? template : undefined;
}
