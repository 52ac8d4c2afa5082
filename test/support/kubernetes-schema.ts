import { Chart, Testing } from 'cdk8s';
import { parseAllDocuments } from 'yaml';
import { checkFields } from './kubernetes/fields';
import { Manifest, Report, titleOf } from './kubernetes/manifest';
import { checkMetadata } from './kubernetes/metadata-rules';
import { checkModel, modelOf } from './kubernetes/models';
import { openApiTypes } from './kubernetes/openapi-types';
import { checkPod } from './kubernetes/pod-rules';
import { checkReferences } from './kubernetes/reference-rules';
import { checkKind } from './kubernetes/workload-rules';
import { objectsOf } from '../../src/pod/pod-manifest';

/** What a set of manifests may rely on beyond Kubernetes itself. */
export interface KubernetesOptions {
  /** Objects the manifests name that exist already in the cluster, as `Kind/name`; `*` stands for any. */
  readonly external?: string[];
  /** Kinds Kubernetes itself does not have, as `apiVersion/Kind`. */
  readonly customKinds?: string[];
  /** Whether they are applied one by one, so that what an object names has to stand before it. @default false */
  readonly oneByOne?: boolean;
}

/** Manifests of a chart, of a list as `Testing.synth` gives it, or of YAML text. */
export function manifestsOf(source: unknown): Manifest[] {
  if (typeof source === 'string') {
    // Version 1.1 is what kubectl reads: `0555` is an octal number, `on` a boolean.
    return parseAllDocuments(source, { version: '1.1' }).map(document => {
      // Collected rather than thrown by the parser; a key that is given twice is one of them.
      document.errors.forEach(error => { throw error; });
      return document.toJS();
    }).filter(object => object !== null);
  }
  if (Chart.isChart(source)) {
    return Testing.synth(source);
  }
  return (Array.isArray(source) ? source : [source]) as Manifest[];
}

/**
 * All reasons why an API server would refuse these objects, or take them and never get a pod to run.
 * Each names the object, a JSON path inside it, and what is wrong there.
 */
export function kubernetesProblems(source: unknown, options: KubernetesOptions = {}): string[] {
  const manifests: Manifest[] = manifestsOf(source).flatMap(objectsOf).map(({ object }) => object);
  if (manifests.length === 0) {
    return ['there are no objects'];
  }
  const problems = new Set<string>();
  const identities = new Set<string>();
  for (const [i, manifest] of manifests.entries()) {
    const report: Report = (path, mistake) => problems.add(`${titleOf(manifest)} ${path}: ${mistake}`);
    checkManifest(manifest, options, report);
    checkReferences(manifest, { manifests: options.oneByOne ? manifests.slice(0, i) : manifests, external: options.external ?? [] }, report);
    const identity = [manifest.apiVersion, manifest.kind, manifest.metadata?.namespace, manifest.metadata?.name].join(' ');
    if (identities.has(identity)) {
      report('.metadata.name', 'there are two objects of this kind and name');
    }
    identities.add(identity);
  }
  return [...problems];
}

function checkManifest(manifest: Manifest, options: KubernetesOptions, report: Report): void {
  const { apiVersion, kind } = manifest;
  checkMetadata(manifest, report);
  if (options.customKinds?.includes(`${apiVersion}/${kind}`)) {
    return;
  }
  const model = modelOf(apiVersion, kind);
  const type = openApiType(apiVersion, kind);
  if (!model || !type) {
    report('.kind', `Kubernetes has no kind ${kind} in ${apiVersion}; a custom one has to be allowed by name`);
    return;
  }
  checkFields(openApiTypes(), type, manifest, '', report);
  checkModel(model, manifest, report);
  checkKind(manifest, report);
  checkPod(manifest, report);
}

/** `apps/v1` and `Deployment` make `V1Deployment`. */
function openApiType(apiVersion: string, kind: string): string | undefined {
  const version = String(apiVersion).split('/').pop()!;
  const type = `${version.charAt(0).toUpperCase()}${version.slice(1)}${kind}`;
  return Object.hasOwn(openApiTypes(), type) ? type : undefined;
}
