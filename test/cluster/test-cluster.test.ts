import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { delimiter, join } from 'path';
import { checkManifestsIn } from './every-manifest';
import { Kubectl } from './kubectl';
import { leftBehind } from './left-behind';
import { testCluster } from './test-cluster';

const IMAGES = ['--seed-image', 'registry.example.org/nix:1', '--upgrade-image', 'registry.example.org/nix:2'];

/**
 * What the command asks of kubectl before it touches a cluster, with one that writes down its arguments. This says nothing about clusters: the
 * scenarios run in test/e2e, and in whatever cluster somebody names.
 */
describe('npm run test:cluster', () => {
  let folder: string;
  const calls = () => existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf-8').trim().split('\n') : [];

  const path = process.env.PATH;

  function run(...args: string[]) {
    const lines: string[] = [];
    const status = testCluster(args, line => lines.push(line));
    return { status, said: lines.join('\n') };
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cdk8s-nix-kubectl-'));
    writeFileSync(join(folder, 'kubectl'), `#!/bin/sh
echo "$*" >>"$FOLDER/calls"
case "$*" in
  'config get-contexts'*) echo kind-test; echo production ;;
  *persistentvolumes*) cat "$FOLDER/volumes" ;;
  *storageclasses*) echo '{ "items": [] }' ;;
  *api-resources*) cat "$FOLDER/kinds" ;;
  *create*) if grep -q refused; then echo 'refused: as it is' >&2; exit 1; fi ;;
esac
`);
    chmodSync(join(folder, 'kubectl'), 0o755);
    process.env.PATH = `${folder}${delimiter}${path}`;
    process.env.FOLDER = folder;
  });

  afterEach(() => {
    process.env.PATH = path;
    delete process.env.FOLDER;
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    [['--context', 'kind-test'], '--seed-image is missing.'],
    [IMAGES, '--context is missing.'],
    [['--context', 'kind-test', '--load', 'minikube', ...IMAGES], '--load: got "minikube". It is kind, k3d or none.'],
    [['--context', 'staging', '--load', 'kind', ...IMAGES], '--load kind: the context "staging" is none of kind\'s, which begin with "kind-". Use --load none.'],
  ])('%j is not enough, and nothing is asked of a cluster', (args, message) => {
    const { status, said } = run(...args);
    expect([status, said.split('\n')[0]]).toEqual([2, message]);
    expect(calls()).toEqual([]);
  });

  test('--help says how to use it, and asks nothing of a cluster', () => {
    expect(run('--help')).toEqual({ status: 0, said: expect.stringContaining('usage: npm run test:cluster') });
    expect(calls()).toEqual([]);
  });

  test('a context that the kubeconfig does not have', () => {
    expect(() => run('--context', 'staging', ...IMAGES)).toThrow('The kubeconfig has no context "staging".');
  });

  test('a dry run says where it would do what, and does nothing', () => {
    const { status, said } = run('--context', 'kind-test', '--dry-run', '--load', 'kind', ...IMAGES);
    expect(status).toBe(0);
    expect(said).toMatch(/^In the cluster of the context kind-test:\n- makes the namespaces cdk8s-nix-test-\d+-0, /);
    expect(said).toContain('registry.example.org/nix:1 and registry.example.org/nix:2, which are brought into the nodes by kind first');
    expect(said).toContain('of docker.io/library/busybox:1.37.0 and docker.io/nginxinc/nginx-unprivileged:1.28.0-alpine');
    expect(calls()).toEqual(['config get-contexts --output name']);
  });

  test('only the scenarios that are asked for', () => {
    const { said } = run('--context', 'kind-test', '--dry-run', '--only', 'StatefulSet', ...IMAGES);
    expect(said).toMatch(/makes the namespaces cdk8s-nix-test-\d+-0, with/);
  });

  test('scenarios that there are not', () => {
    expect(run('--context', 'kind-test', '--only', 'nonsense', ...IMAGES)).toEqual({ status: 2, said: '--only: no scenario has "nonsense" in its name.' });
    expect(calls()).toEqual([]);
  });

  test('a cluster without a default storage class is left alone, and is asked by the context that was named', () => {
    expect(() => run('--context', 'kind-test', ...IMAGES)).toThrow('The cluster has no default storage class.');
    expect(calls().slice(1)).toEqual(['--context kind-test get storageclasses --output json']);
  });

  test('manifests of custom kinds are judged where the cluster has them, and counted where it has not', () => {
    writeFileSync(join(folder, 'kinds'), `
configmaps    cm   v1                      true   ConfigMap
rollouts      ro   argoproj.io/v1alpha1    true   Rollout
`);
    const manifest = (apiVersion: string, kind: string, name: string) => `${JSON.stringify({ apiVersion, kind, metadata: { name } })}\n`;
    const rollout = (name: string) => manifest('argoproj.io/v1alpha1', 'Rollout', name);
    const job = (name: string) => manifest('batch.volcano.sh/v1alpha1', 'Job', name);
    writeFileSync(join(folder, 'valid-1'), [manifest('v1', 'ConfigMap', 'config'), rollout('right'), rollout('refused'), job('one'), job('other')].join(''));
    expect(checkManifestsIn(new Kubectl('kind-test'), 'space', folder)).toEqual({
      accepted: 2,
      ofCustomKinds: new Map([['argoproj.io/v1alpha1/Rollout', 2]]),
      notJudged: new Map([['batch.volcano.sh/v1alpha1/Job', 2]]),
      problems: ['Rollout/refused: refused: as it is'],
    });
  });

  test('a volume that outlives its namespace is left behind, unless it is to be kept', () => {
    const volume = (name: string, namespace: string, persistentVolumeReclaimPolicy: string) =>
      ({ metadata: { name }, spec: { claimRef: { namespace }, persistentVolumeReclaimPolicy } });
    const items = [volume('ours', 'gone', 'Delete'), volume('kept', 'gone', 'Retain'), volume('theirs', 'other', 'Delete'), { metadata: { name: 'free' }, spec: {} }];
    writeFileSync(join(folder, 'volumes'), JSON.stringify({ items }));
    expect(leftBehind(new Kubectl('kind-test'), 'gone', 0)).toEqual(['the volume ours']);
  });
});
