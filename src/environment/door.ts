import { Chart } from 'cdk8s';
import { Construct, IConstruct } from 'constructs';
import { fitToStore } from './fit-to-store';
import { NixEnableOptions } from './nix-enable-options';
import { checkPlaces } from './place-checks';
import { checkSelection } from './selection-checks';
import { checkKind, checkPod, checkServedStore, endsByItself, noContainer } from './workload-checks';
import { describe, Problem } from '../base/problems';
import { takeIntoPhase } from '../gitops/hook-phase';
import { NixHome } from '../home/nix-home';
import { NixUser } from '../home/nix-user';
import { isAskedFor } from '../pod/asked-for';
import { autoscaledTo, watchAutoscalers } from '../pod/autoscalers';
import { BoundStore } from '../pod/bound-store';
import { withClaimTemplate } from '../pod/claim-templates';
import { checkPlainKubernetes } from '../pod/container-checks';
import { enabledBy, markEnabled } from '../pod/enabled-mark';
import { EnabledWorkload } from '../pod/enabled-workload';
import { NeededObjects } from '../pod/needed-objects';
import { isKind } from '../pod/object-kind';
import { addressLabels, environmentLabels } from '../pod/pod-labels';
import { containersOf, mapObjects, mapPods, PodContent, PodManifest, podsOf } from '../pod/pod-manifest';
import { mergePod, PodAdditions, withoutAdditions } from '../pod/pod-merge';
import { VOLUME } from '../pod/pod-names';
import { isPart, PodTarget, podTargets } from '../pod/pod-targets';
import { editManifest, finishManifest, isPatched, keepPatchedFieldsBelow, manifestAsMade, manifestAsPatched, manifestToCheck } from '../pod/written-manifest';

/** What comes through the door: an environment, as it is needed here. */
export interface DoorKeeper {
  readonly scope: Construct;
  readonly store: BoundStore;
  readonly user: NixUser;
  readonly home: NixHome;
  /** Whether its pods have to carry its label, whoever made them. */
  readonly isLabelled: () => boolean;
}

/**
 * Where pods get Nix, whatever made them. They all share one representation, the manifest of an object as it is about to be written, and
 * everything happens on that: pods are found, the additions are merged, and the checks read the same.
 */
export class Door {
  constructor(private readonly keeper: DoorKeeper) {}

  /**
   * @param additions what the pods get, asked as they are written
   * @throws if nothing is behind the construct, or something of it has Nix already
   */
  public enable(construct: IConstruct, options: NixEnableOptions, additions: () => PodAdditions): EnabledWorkload[] {
    const all = podTargets(construct, { podTemplates: options.podTemplates });
    const targets = podTargets(construct, options);
    checkSelection(this.keeper.scope, construct, all, targets, options);
    targets.forEach(target => this.mark(target, options));
    const needed = NeededObjects.of(this.keeper.scope);
    targets.forEach(({ object }) => needed.standBefore(object));
    watchAutoscalers(construct);
    keepPatchedFieldsBelow(construct);
    const guests = targets.map(target => new Guest(this.keeper, target, options, additions));
    construct.node.addValidation({ validate: () => targets.flatMap(({ object }) => takeIntoPhase(object, needed)).map(describe) });
    construct.node.addValidation({ validate: () => checkContainers(guests, options.containers ?? []).map(describe) });
    return guests.flatMap(guest => guest.workloads());
  }

  private mark({ object, construct, parts }: PodTarget, options: NixEnableOptions): void {
    for (const part of parts) {
      const first = enabledBy(object, part);
      if (first !== undefined) {
        throw new Error(`CDK8SNIX0501 ${construct.node.path}: enabled twice, by ${first} and by ${this.keeper.scope.node.path}. `
          + 'A pod has one /nix: enable each workload once.');
      }
      markEnabled(object, part, this.keeper.scope.node.path, options.podTemplates);
    }
  }
}

/** An object that gets Nix. */
class Guest {
  constructor(
    private readonly keeper: DoorKeeper,
    private readonly target: PodTarget,
    private readonly options: NixEnableOptions,
    private readonly additions: () => PodAdditions,
  ) {
    const { object, construct } = target;
    editManifest(object, manifest => this.mapMeant(manifest, meant => this.giveNix(meant)));
    finishManifest(object, manifest => this.mapMeant(manifest, meant => this.keepClaimTemplate(meant)));
    construct.node.addValidation({ validate: () => this.validate().map(describe) });
  }

  public workloads(): EnabledWorkload[] {
    return this.target.parts.map(part => ({
      path: this.target.construct.node.path,
      ends: endsByItself(part),
      podLabels: () => addressLabels(this.pods(manifestAsMade(this.target.object))[0]) ?? environmentLabels(this.keeper.scope),
    }));
  }

  /** The names of the containers of its pods; undefined if it cannot be rendered, which is told elsewhere. */
  public containerNames(): string[] | undefined {
    const made = this.render();
    return made && this.pods(made).flatMap(containersOf).map(({ container }) => container.name);
  }

  private get podTemplates(): readonly string[] {
    return this.options.podTemplates ?? [];
  }

  private isMeant(object: any): boolean {
    return this.target.parts.some(part => isPart(part, object));
  }

  /** The object, or those of a List that are meant, changed. A name may be made only as the object is written, so a single one needs none. */
  private mapMeant(manifest: any, change: (object: any) => any): any {
    return mapObjects(manifest, object => object === manifest || this.isMeant(object) ? change(object) : object);
  }

  private pods(manifest: any): PodManifest[] {
    return podsOf(manifest, this.podTemplates).filter(pod => pod.owner === manifest || this.isMeant(pod.owner));
  }

  private giveNix(object: any): any {
    const additions = this.additions();
    return mapPods(this.withClaims(this.fitted(object)), this.podTemplates, pod => mergePod(pod, { ...additions, labels: this.labelsOf(pod) }));
  }

  private fitted(object: any): any {
    const { object: construct, parts } = this.target;
    // What is in a List was written by somebody, all of it.
    const isSingle = parts.length === 1 && construct.kind === object.kind;
    return fitToStore(object, this.keeper.store, field => isSingle ? isAskedFor(construct, object.spec, field) : object.spec?.[field] !== undefined);
  }

  private withClaims(object: any): any {
    const { claimTemplate } = this.keeper.store;
    return claimTemplate && isKind(object, 'StatefulSet', 'apps') ? withClaimTemplate(object, VOLUME.store, claimTemplate) : object;
  }

  /** A patch that sets all claim templates means its own; ours is still needed. */
  private keepClaimTemplate(object: any): any {
    return isPatched(this.target.object) ? this.withClaims(object) : object;
  }

  /** cdk8s-plus has labels by which the pods are found; others get ours. */
  private labelsOf(pod: PodContent): { readonly [label: string]: string } {
    return this.keeper.isLabelled() || !addressLabels(pod) ? environmentLabels(this.keeper.scope) : {};
  }

  /** What is wrong with the object as it was made, unless a patch has put it right. What a patch itself asks for is its user's last word. */
  private validate(): Problem[] {
    const { object, construct } = this.target;
    const made = this.render();
    if (!made) {
      // What renders it will say so as the object is written, in its own words; but for what we know better.
      const { containers } = construct as { readonly containers?: unknown[] };
      return Array.isArray(containers) && containers.length === 0 ? [noContainer(object)] : [];
    }
    const problems = this.check(made, pod => pod);
    if (problems.length === 0 || !isPatched(object)) {
      return problems;
    }
    const left = this.check(manifestAsPatched(object), (pod, additions) => ({ ...pod, ...withoutAdditions(pod, additions) }));
    return problems.filter(({ code, prop }) => left.some(other => other.code === code && other.prop === prop));
  }

  private check(manifest: any, theirs: (pod: PodManifest, additions: PodAdditions) => PodManifest): Problem[] {
    const { store, user, home } = this.keeper;
    const additions = this.additions();
    const pods = this.pods(manifest);
    return [...new Set(pods.map(pod => pod.owner))].flatMap(owner => {
      const fitted = this.fitted(owner);
      const own = podsOf(fitted, this.podTemplates).map((pod): PodManifest => theirs({ ...pod, owner: fitted }, additions));
      return [
        ...own.flatMap(pod => [
          ...checkPlainKubernetes(pod, () => this.nameIsMade(owner)),
          ...(containersOf(pod).some(({ sort }) => sort === 'containers') ? [] : [noContainer(owner)]),
          ...checkPod(pod, additions, user),
          ...checkServedStore(pod, store, home),
        ]),
        ...checkKind(store, fitted),
        ...checkPlaces(store, fitted, own, autoscaledTo(this.target.object, fitted)),
        ...this.checkNamespace(owner),
      ];
    });
  }

  private render(): any {
    try {
      return manifestToCheck(this.target.object);
    } catch {
      return undefined;
    }
  }

  private nameIsMade({ metadata }: any): boolean {
    const { object } = this.target;
    return metadata?.name === object.name && Chart.of(object).generateObjectName(object) === object.name;
  }

  private checkNamespace({ metadata = {} }: any): Problem[] {
    const ours = Chart.of(this.keeper.scope).namespace;
    return ours === metadata.namespace ? [] : [{
      code: 'CDK8SNIX0505',
      prop: 'metadata.namespace',
      value: metadata.namespace,
      problem: `The objects of the environment ${this.keeper.scope.node.path} are in ${JSON.stringify(ours) ?? 'the namespace of the release'}, where the pod cannot reach them.`,
      remedy: 'Set the namespace on the chart.',
    }];
  }
}

/** Each container that was named has to be somewhere, and each object has to have one of them. */
function checkContainers(guests: Guest[], wanted: readonly string[]): Problem[] {
  if (wanted.length === 0) {
    return [];
  }
  const names = guests.map(guest => guest.containerNames()).filter(found => found !== undefined);
  const missing = wanted.filter(name => !names.some(found => found.includes(name)));
  const without = names.find(found => !found.some(name => wanted.includes(name)));
  const lack = (name: string, there: string[]): Problem => ({
    code: 'CDK8SNIX0502', prop: 'containers', value: name, problem: 'The workload has no such container.', remedy: `Use one of: ${there.join(', ')}.`,
  });
  return missing.length > 0 || !without ? missing.map(name => lack(name, [...new Set(names.flat())])) : [lack(wanted.join(', '), without)];
}
