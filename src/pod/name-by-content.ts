import { ApiObject } from 'cdk8s';
import { finishManifest } from './written-manifest';
import { contentHash } from '../base/content-hash';

/** Room for "-" and the fingerprint, and for what the Job's controller appends to the names of its pods. */
const LONGEST_NAME = 50;

/**
 * The pod of a Job cannot be changed once it is there, so a change has to be another Job: its name carries the fingerprint of what it is.
 *
 * @param content what counts as a change; the whole of the spec unless given
 */
export function nameByContent(job: ApiObject, content: (spec: any) => unknown = spec => spec): void {
  finishManifest(job, manifest => {
    // What is left of two names may be one, and a dash cannot follow a dot.
    const isCut = job.name.length > LONGEST_NAME;
    const hash = contentHash(JSON.stringify(content(manifest.spec)), ...isCut ? [job.name] : []);
    return { ...manifest, metadata: { ...manifest.metadata, name: `${job.name.slice(0, LONGEST_NAME).replace(/\.+$/, '')}-${hash}` } };
  });
}

/** The fields of a Job's spec that Kubernetes lets change. */
const MUTABLE = ['activeDeadlineSeconds', 'backoffLimit', 'maxFailedIndexes', 'parallelism', 'podReplacementPolicy', 'suspend', 'ttlSecondsAfterFinished'];

/** What Kubernetes does not let change in a Job. */
export function immutablePart(spec: any): unknown {
  return Object.fromEntries(Object.entries(spec).filter(([field]) => !MUTABLE.includes(field)));
}
