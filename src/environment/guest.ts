import { ApiObject } from 'cdk8s';
import { DoorKeeper, Given } from './door-keeper';
import { fitToStore } from './fit-to-store';
import { checkWorkload } from './guest-checks';
import { Brought, isStill, Look } from './guest-look';
import { additionsFor } from './knative';
import { NixEnableOptions } from './nix-enable-options';
import { checkPatches } from './patch-checks';
import { checkPatchedPrograms } from './program-checks';
import { checkPatchedRuntime } from './runtime-checks';
import { endsByItself, noContainer, podOfPatch } from './workload-checks';
import { describe, isSameProblem, Problem } from '../base/problems';
import { isAskedFor, isSaid } from '../pod/asked-for';
import { withClaimTemplate } from '../pod/claim-templates';
import { EnabledWorkload } from '../pod/enabled-workload';
import { checkObjectShapes, checkShapes } from '../pod/field-shapes';
import { withFolders } from '../pod/folder-maker';
import { newNames, withNewNames } from '../pod/followed-names';
import { setsMetadataAnew } from '../pod/lost-to-patches';
import { NeededObjects } from '../pod/needed-objects';
import { isKind } from '../pod/object-kind';
import { asSaid, withoutAdditions } from '../pod/patched-pod';
import { plainValue } from '../pod/plain-value';
import { containersOf, isList, mapObjects, mapPods, objectsOf, PodContent, PodManifest, podsOf } from '../pod/pod-manifest';
import { mergePod, mergePodMetadata, PodAdditions } from '../pod/pod-merge';
import { VOLUME } from '../pod/pod-names';
import { isPart, partOf, PodTarget } from '../pod/pod-targets';
import { Starters, startersOf } from '../pod/starters';
import { textOf } from '../pod/text-of';
import { editManifest, finishManifest, isPatched, manifestAsMade, manifestAsPatched, manifestAsWished, manifestToCheck, patchesOf } from '../pod/written-manifest';

/** An object that gets Nix. */
export class Guest {
  public readonly object: ApiObject;

  /** What it looked like when nothing was wrong with it, until it is written: then nobody keeps that for each of a thousand. */
  private clean?: Look | 'as written';

  /** Whether it is rendered for a look at what patches make of what theirs says. */
  private keepsSaid = false;

  constructor(
    private readonly keeper: DoorKeeper,
    private readonly target: PodTarget,
    private readonly options: NixEnableOptions,
    private readonly given: Given,
  ) {
    this.object = target.object;
    editManifest(this.object, (manifest, rendered) => {
      const brought = this.checkWritten(rendered);
      return this.mapMeant(manifest, meant => this.giveNix(meant, brought));
    });
    finishManifest(this.object, manifest => this.followNames(isPatched(this.object) ? this.followPatches(manifest) : manifest));
    target.construct.node.addValidation({ validate: () => this.tell().map(describe) });
  }

  /** Its workloads, as others see them. */
  public workloads(): EnabledWorkload[] {
    const { construct, parts } = this.target;
    return parts.map(part => ({ construct, ends: endsByItself(part) }));
  }

  /** The names of the containers of its pods; undefined if it cannot be rendered, which is told elsewhere. */
  public containerNames(): string[] | undefined {
    const made = this.render();
    return made && this.pods(made).flatMap(containersOf).map(({ container }) => container.name);
  }

  public initContainerNames(): string[] {
    const made = this.render();
    return made ? this.pods(made).flatMap(containersOf).filter(({ sort }) => sort === 'initContainers').map(({ container }) => container.name) : [];
  }

  private get podTemplates(): readonly string[] {
    return this.options.podTemplates ?? [];
  }

  /**
   * Where the objects are that are meant: the manifest itself, or in a List.
   *
   * @param made what the manifest was before its patches: one that they have renamed is where it was
   */
  private places(manifest: any, made = manifest): ReadonlySet<string> {
    const all = objectsOf(manifest);
    // A name may be made only as the object is written, so a single one needs none.
    const meant = objectsOf(made).filter(({ path, object }) => path === '' || this.target.parts.some(part => isPart(part, object)));
    return new Set(made === manifest ? meant.map(({ path }) => path)
      : meant.map(({ path, object }) => all.find(other => isPart(partOf(object), other.object))?.path ?? path));
  }

  private mapMeant(manifest: any, change: (object: any) => any, made = manifest): any {
    const places = this.places(manifest, made);
    return mapObjects(manifest, (object, path) => places.has(path) ? change(object) : object);
  }

  private owners(manifest: any, made = manifest): any[] {
    if (made === manifest && !isList(made)) {
      return [made];
    }
    const places = this.places(manifest, made);
    return objectsOf(manifest).filter(({ path }) => places.has(path)).map(({ object }) => object);
  }

  private pods(manifest: any, made = manifest): PodManifest[] {
    return this.owners(manifest, made).flatMap(owner => podsOf(owner, this.podTemplates));
  }

  /** What cannot be read stays as it is: the checks refuse it. */
  private giveNix(object: any, { additions, isReadable }: Brought): any {
    if (!isReadable && checkObjectShapes(object).length > 0) {
      return object;
    }
    const wanted = additionsFor(object, additions);
    return mapPods(this.withClaims(this.fitted(object)), this.podTemplates, pod =>
      !isReadable && checkShapes(pod).length > 0 ? pod : this.merged(pod, wanted));
  }

  private merged(pod: PodContent, additions: PodAdditions): PodContent {
    const merged = mergePod(pod, additions);
    return this.keepsSaid ? asSaid(merged, pod) : merged;
  }

  private fitted(object: any): any {
    const { object: construct, parts } = this.target;
    // What is in a List was written by somebody, all of it.
    const isSingle = parts.length === 1 && construct.kind === object.kind;
    return fitToStore(object, this.keeper.places, field => isSingle ? isAskedFor(construct, object.spec, field) : isSaid(object.spec?.[field]));
  }

  private withClaims(object: any): any {
    const { claimTemplate } = this.keeper.store;
    return claimTemplate && isKind(object, 'StatefulSet', 'apps') ? withClaimTemplate(object, VOLUME.store, claimTemplate) : object;
  }

  /** What a patch leaves out, or sets anew without ours, is still needed. And where it mounts something, or works, is a folder to make. */
  private followPatches(manifest: any): any {
    const additions = this.given.additions();
    const hasNewMetadata = patchesOf(this.object).some(setsMetadataAnew);
    const made = manifestAsMade(this.object);
    return !this.canGiveNix(made) ? manifest : this.mapMeant(manifest, meant => mapPods(
      this.withClaims(fitToStore(meant, this.keeper.places, field => isSaid(meant.spec?.[field]))), this.podTemplates,
      ({ metadata, spec }) => ({
        metadata: hasNewMetadata ? plainValue(mergePodMetadata(metadata, additions)) : metadata,
        spec: withFolders(spec, additions.folderMaker),
      })), made);
  }

  /** Claims and ConfigMaps of the environment are found whatever patches call them. */
  private followNames(manifest: any): any {
    const names = newNames(NeededObjects.of(this.keeper.scope).objects());
    return names.size === 0 ? manifest : this.mapMeant(manifest, meant => mapPods(meant, this.podTemplates,
      ({ metadata, spec }) => ({ metadata, spec: withNewNames(spec, names) })), isPatched(this.object) ? manifestAsMade(this.object) : manifest);
  }

  /**
   * What is wrong, for the app to tell. cdk8s asks once for the whole app, and for the whole of it again with each chart; what was clean is
   * looked at again only as it is written.
   */
  private tell(): Problem[] {
    return this.clean === undefined ? this.examine() : [];
  }

  /** What was clean may have changed until it is written, by other validations or between two syntheses. */
  private checkWritten(rendered: any): Brought {
    const { clean } = this;
    if (clean === undefined) {
      return { additions: this.given.additions(), isReadable: false };
    }
    if (clean !== 'as written' && !isPatched(this.object) && isStill(clean, rendered, this.given.revision(), () => this.starters(rendered))) {
      this.clean = 'as written';
      return { additions: clean.additions, isReadable: true };
    }
    const problems = this.examine();
    if (problems.length > 0) {
      throw new Error(`Validation failed with the following errors:\n  ${problems.map(problem => `[${this.target.construct.node.path}] ${describe(problem)}`).join('\n  ')}`);
    }
    this.clean = 'as written';
    return { additions: this.given.additions(), isReadable: false };
  }

  private starters(made: any): Starters[] {
    return this.owners(made).map(owner => startersOf(this.object, owner));
  }

  private examine(): Problem[] {
    const { object, target: { construct } } = this;
    // A patched one is written below, to see what the patches make of it.
    this.clean = undefined;
    const made = this.render();
    if (!made) {
      // What renders it will say so as the object is written, in its own words; but for what we know better.
      const { containers } = construct as { readonly containers?: unknown[] };
      return Array.isArray(containers) && containers.length === 0 ? [noContainer(object)] : [];
    }
    const revision = this.given.revision();
    const additions = this.given.additions();
    const problems = this.validate(made, additions);
    this.clean = problems.length === 0 ? { made: textOf(made), additions, revision, starters: this.starters(made) } : undefined;
    return problems;
  }

  /** What is wrong with the object as it was made, unless a patch has put it right. What a patch itself asks for is its user's last word. */
  private validate(made: any, additions: PodAdditions): Problem[] {
    const { object } = this;
    const problems = this.check(made, additions, pod => pod);
    if (!isPatched(object)) {
      return problems;
    }
    const lost = this.canGiveNix(made) ? [...this.lostToPatches(made, additions), ...this.misshapenByPatches(made)] : [];
    if (problems.length === 0) {
      return lost;
    }
    const patched = this.patchedAsSaid() ?? manifestAsPatched(object);
    if (!this.canGiveNix(made)) {
      return this.pods(made).length === 0 && this.pods(patched, made).length > 0 ? [podOfPatch()] : problems;
    }
    const left = this.check(patched, additions, pod => ({ ...pod, ...withoutAdditions(pod, additions) }), made);
    return [...lost, ...problems.filter(problem => left.some(other => isSameProblem(problem, other)))];
  }

  private lostToPatches(made: any, additions: PodAdditions): Problem[] {
    const podsIn = (manifest: any): PodManifest[] => this.pods(manifest, made);
    const lost = checkPatches(this.object, this.pods(made), additions, podsIn);
    return [
      ...lost,
      ...checkPatchedRuntime(this.object, this.keeper.programs, podsIn),
      // Who sets a list anew is told of all that was in it.
      ...lost.some(({ code }) => code === 'CDK8SNIX0524') ? [] : checkPatchedPrograms(this.object, this.keeper.programs, podsIn),
    ];
  }

  /** Whatever patches ask for, it has to be what Kubernetes reads: nothing else would come of it. */
  private misshapenByPatches(made: any): Problem[] {
    try {
      const patched = manifestAsPatched(this.object);
      return [...this.owners(patched, made).flatMap(checkObjectShapes), ...this.pods(patched, made).flatMap(checkShapes)];
    } catch {
      // A patch that fails is told as the object is written.
      return [];
    }
  }

  /** The patched manifest in which nothing of ours stands for what theirs says, so that what a patch has put right is seen; if there can be one. */
  private patchedAsSaid(): any {
    this.keepsSaid = true;
    try {
      return manifestAsPatched(this.object);
    } catch {
      // A patch may insist on what is of ours.
      return undefined;
    } finally {
      this.keepsSaid = false;
    }
  }

  /** Whether there is anything to give Nix to: that comes before the patches, and what only they make has none. */
  private canGiveNix(made: any): boolean {
    const pods = this.pods(made);
    return pods.length > 0 && pods.every(pod => checkShapes(pod).length === 0)
      && this.owners(made).every(owner => checkObjectShapes(owner).length === 0);
  }

  private check(manifest: any, additions: PodAdditions, theirs: (pod: PodManifest) => PodManifest, made = manifest): Problem[] {
    const wished = isPatched(this.object) ? this.owners(manifestAsWished(this.object), made) : [];
    return this.owners(manifest, made).flatMap((owner, i) =>
      // What fits it to the store adds fields beside the pods, whatever there is.
      checkWorkload(this.object, this.keeper, this.podTemplates, {
        made: owner, fitted: this.fitted(owner), wished: wished[i] ?? owner, additions, theirs,
      }));
  }

  private render(): any {
    try {
      return manifestToCheck(this.object);
    } catch {
      return undefined;
    }
  }
}
