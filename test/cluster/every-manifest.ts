import { spawnSync } from 'child_process';
import { mkdtempSync, rmSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Interrupted, Kubectl } from './kubectl';
import { objectsOf } from '../../src/pod/pod-manifest';
import { Manifest, titleOf } from '../support/kubernetes/manifest';
import { modelOf } from '../support/kubernetes/models';
import { RECORD_VARIABLE, recorded, Verdict } from '../support/kubernetes/recorded-manifests';

/** How many objects kubectl is given at once. */
const BATCH = 100;

/** What an API server has to say of the manifests that the unit tests and the snippets of the pages take for right. */
export interface EveryManifest {
  readonly accepted: number;
  /** How many of them, by kinds that Kubernetes itself does not have. */
  readonly ofCustomKinds: ReadonlyMap<string, number>;
  /** How many objects nobody has judged, by kinds that this cluster does not have either. */
  readonly notJudged: ReadonlyMap<string, number>;
  /** Why it refuses one, and what it warns of. */
  readonly problems: string[];
}

/** Have the API server check every manifest, as if it were applied to a namespace with Pod Security; nothing is made. */
export function checkEveryManifest(kubectl: Kubectl, namespace: string): EveryManifest {
  const folder = mkdtempSync(join(tmpdir(), 'cdk8s-nix-manifests-'));
  try {
    runTests(folder);
    return checkManifestsIn(kubectl, namespace, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same of what the tests have written into a folder. */
export function checkManifestsIn(kubectl: Kubectl, namespace: string, folder: string): EveryManifest {
  const kinds = namespacedKinds(kubectl);
  const restricted = new Set(recorded(folder, 'restricted').map(manifest => JSON.stringify(manifest)));
  const [strict, others] = partition(recorded(folder, 'valid'), manifest => restricted.has(JSON.stringify(manifest)));
  const ofCustomKinds = new Map<string, number>();
  const notJudged = new Map<string, number>();
  const problems: string[] = [];
  let objectCount = 0;
  for (const [verdict, manifests] of [['restricted', strict], ['valid', others]] as [Verdict, Manifest[]][]) {
    const [known, unknown] = partition(manifests.flatMap(objectsOf).map(({ object }) => object as Manifest), object => kinds.has(kindOf(object)));
    unknown.forEach(object => count(notJudged, kindOf(object)));
    known.filter(({ apiVersion, kind }) => !modelOf(apiVersion, kind)).forEach(object => count(ofCustomKinds, kindOf(object)));
    const objects = known.map((object, i) => placed(object, kinds.get(kindOf(object))!, namespace, i));
    for (let i = 0; i < objects.length; i += BATCH) {
      problems.push(...problemsOf(kubectl, objects.slice(i, i + BATCH), verdict));
    }
    objectCount += objects.length;
  }
  return { accepted: objectCount - problems.length, ofCustomKinds, notJudged, problems };
}

function count(counts: Map<string, number>, kind: string): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

function partition<T>(all: T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter(one => !isFirst(one))];
}

function runTests(folder: string): void {
  for (const args of [[], ['--config', 'jest.system.json', 'test/docs']]) {
    const { status, signal, stderr } = spawnSync('npx', ['jest', '--ci', ...args], { encoding: 'utf-8', env: { ...process.env, [RECORD_VARIABLE]: folder } });
    if (signal) {
      throw new Interrupted('The tests that synthesize the manifests were interrupted.');
    }
    if (status !== 0) {
      throw new Error(`The tests that synthesize the manifests fail:\n${stderr}`);
    }
  }
}

/** Whether each kind of the cluster has a namespace. */
function namespacedKinds(kubectl: Kubectl): Map<string, boolean> {
  const lines = kubectl.run(['api-resources', '--no-headers']).split('\n').map(line => line.trim().split(/\s+/).slice(-3));
  return new Map(lines.map(([apiVersion, namespaced, kind]) => [`${apiVersion}/${kind}`, namespaced === 'true']));
}

const kindOf = ({ apiVersion, kind }: Manifest) => `${apiVersion}/${kind}`;

/** The object in this namespace, or by a name that nobody has. */
function placed(object: Manifest, namespaced: boolean, namespace: string, i: number): Manifest {
  const metadata = namespaced ? { ...object.metadata, namespace } : { ...object.metadata, name: `${object.metadata.name}-${i}` };
  return { ...object, metadata };
}

/** One by one where there is something, so that it is known of which. */
function problemsOf(kubectl: Kubectl, objects: Manifest[], verdict: Verdict): string[] {
  const input = objects.map(object => `---\n${JSON.stringify(object)}\n`).join('');
  const { stderr } = kubectl.try(['create', '--dry-run=server', '--validate=strict', '--output', 'name', '--filename', '-'], input);
  // A test that says nothing of Pod Security may break it. Who is forbidden for that has been found valid before.
  const said = stderr.split('\n').filter(line => line !== '' && !(verdict === 'valid' && /(would violate|violates) PodSecurity/.test(line)));
  if (said.length === 0) {
    return [];
  }
  return objects.length === 1 ? [`${titleOf(objects[0])}: ${said.join('\n')}`] : objects.flatMap(object => problemsOf(kubectl, [object], verdict));
}
