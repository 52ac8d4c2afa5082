import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { SYNC_WAVE } from './gitops-annotations';
import { checkClaimAnnotations, checkWaves, waveToFollow } from './sync-waves';
import { checkArguments } from '../base/argument-check';
import { describe, Problem } from '../base/problems';
import { renderedMetadata } from '../pod/rendered-metadata';
import { KEEP_CLAIM } from '../store/keep-claim';

/**
 * Options of `GitOps.argoCd`.
 */
export interface ArgoCdOptions {
  /**
   * The sync wave of all objects, claims and workloads alike: a claim that waits for its first consumer would block an earlier
   * wave for ever.
   *
   * @default - none: wave 0
   */
  readonly syncWave?: number;

  /**
   * Keep the claims when they disappear from the repository, or the Application is deleted.
   *
   * @default true
   */
  readonly keepClaims?: boolean;
}

/**
 * Options of `GitOps.flux`.
 */
export interface FluxOptions {
  /**
   * Keep the claims when they disappear from the repository, or the Kustomization is deleted.
   *
   * @default true
   */
  readonly keepClaims?: boolean;
}

/**
 * A rule of an Argo CD Application's `spec.ignoreDifferences`.
 */
export interface ArgoCdIgnoreRule {
  /** The API group; empty for the core group. */
  readonly group: string;

  /** The kind. */
  readonly kind: string;

  /** What Argo CD should not compare, as JSON pointers. */
  readonly jsonPointers: string[];
}

/**
 * Makes manifests ready for a GitOps tool: annotations on all objects below a construct, added at synth, when all of them are known.
 *
 * @example GitOps.argoCd(chart);
 */
export class GitOps {
  /**
   * Annotations for Argo CD. Also checks, at synth, that no claim and no ConfigMap is in another sync wave than lets the pods start.
   *
   * @param scope a chart, an app, or any other construct
   * @param options wave, claims
   */
  public static argoCd(scope: IConstruct, options: ArgoCdOptions = {}): void {
    checkArguments('GitOps.argoCd', arguments);
    const annotate = (object: ApiObject) => {
      const wave = waveToFollow(object, options.syncWave);
      if (wave !== undefined) {
        addDefaults(object, { [SYNC_WAVE]: String(wave) });
      }
      if (isClaim(object) && (options.keepClaims ?? true)) {
        addDefaults(object, KEEP_CLAIM.argoCd);
      }
    };
    atSynth(scope, annotate, objects => [
      ...checkWaveNumber(options.syncWave), ...checkWaves(objects), ...checkClaimAnnotations(objects),
    ]);
  }

  /**
   * Annotations for Flux' kustomize-controller.
   *
   * @param scope a chart, an app, or any other construct
   * @param options claims
   */
  public static flux(scope: IConstruct, options: FluxOptions = {}): void {
    checkArguments('GitOps.flux', arguments);
    const annotate = (object: ApiObject) => {
      if (isClaim(object) && (options.keepClaims ?? true)) {
        addDefaults(object, KEEP_CLAIM.flux);
      }
    };
    atSynth(scope, annotate, checkClaimAnnotations);
  }

  /**
   * What the cluster writes into our objects after they were applied, for `spec.ignoreDifferences` of an Application: the volume a
   * claim was bound to, the class it got by default, and what the API server fills into claim templates.
   */
  public static argoCdIgnoreDifferences(): ArgoCdIgnoreRule[] {
    checkArguments('GitOps.argoCdIgnoreDifferences', arguments);
    // Keys in the order in which they come back from any other language.
    return [
      { group: '', jsonPointers: ['/spec/volumeName', '/spec/storageClassName', '/spec/dataSourceRef'], kind: 'PersistentVolumeClaim' },
      { group: 'apps', jsonPointers: ['/spec/volumeClaimTemplates'], kind: 'StatefulSet' },
    ];
  }

  private constructor() {}
}

/**
 * cdk8s has no aspects: validation is the one hook that is asked when the whole tree stands, and before anything is rendered.
 */
function atSynth(scope: IConstruct, annotate: (object: ApiObject) => void, check: (objects: ApiObject[]) => Problem[]): void {
  scope.node.addValidation({
    validate: () => {
      const objects = scope.node.findAll().filter((child): child is ApiObject => ApiObject.isApiObject(child));
      objects.forEach(annotate);
      return check(objects).map(describe);
    },
  });
}

/** What the object says itself has precedence. */
function addDefaults(object: ApiObject, annotations: { readonly [name: string]: string }): void {
  const own = renderedMetadata(object)?.annotations ?? {};
  for (const [name, value] of Object.entries(annotations).filter(([annotation]) => !Object.hasOwn(own, annotation))) {
    object.metadata.addAnnotation(name, value);
  }
}

function isClaim(object: ApiObject): boolean {
  return object.kind === 'PersistentVolumeClaim';
}

function checkWaveNumber(syncWave: number | undefined): Problem[] {
  return syncWave === undefined || Number.isInteger(syncWave) ? [] : [{
    code: 'CDK8SNIX1001', prop: 'syncWave', value: syncWave, problem: 'A sync wave is a whole number; it may be negative.', remedy: 'Use for example 1.',
  }];
}
