import { mkdtempSync, rmSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { Testing, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment } from '../../src';
import { explain, explainFile } from '../../src/explain/explain';
import { testChart } from '../support/synth';

/** A workload with one of everything that is explained. */
function workload(): any {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: {
      replicas: 3,
      updateStrategy: { type: 'OnDelete' },
      volumeClaimTemplates: [{ metadata: { name: 'state' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } }, storageClassName: 'fast' } }],
      template: {
        spec: {
          serviceAccountName: 'robot',
          initContainers: [
            { name: 'prepare', image: 'example.org/prepare:1' },
            { name: 'proxy', image: 'example.org/proxy:1', restartPolicy: 'Always' },
          ],
          containers: [
            {
              name: 'main',
              image: 'example.org/main:1',
              command: ['sh', '-c'],
              args: ['echo "hi"\nsleep 1'],
              env: [
                { name: 'PLAIN', value: 'x'.repeat(200) },
                { name: 'EMPTY' },
                { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
                { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'modes', key: 'mode' } } },
                { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
                { name: 'CPUS', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
              ],
              envFrom: [{ secretRef: { name: 'more' } }, { prefix: 'C_', configMapRef: { name: 'modes' } }],
              volumeMounts: [
                { name: 'state', mountPath: '/state', subPath: 'db' },
                { name: 'keys', mountPath: '/keys', readOnly: true },
              ],
            },
            { name: 'side', image: 'example.org/side:1' },
          ],
          volumes: [
            { name: 'keys', secret: { secretName: 'keys' } },
            { name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
            { name: 'node', hostPath: { path: '/var/lib/x' } },
            { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '9Gi' } } } } } },
            { name: 'seed', image: { reference: 'example.org/seed:1' } },
            { name: 'claim', persistentVolumeClaim: { claimName: 'elsewhere' } },
            { name: 'disk', nfs: { server: 's', path: '/' } },
          ],
        },
      },
    },
  };
}

function workspace(): any[] {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', {});
  return Testing.synth(chart);
}

describe('the tree', () => {
  const lines = () => explain([workload()]).split('\n').map(line => line.replace(/^[│├└─ ]+/, ''));

  test.each([
    'StatefulSet db',
    '3 pods, update by OnDelete',
    'user of the image, service account robot',
    '1. prepare (init): example.org/prepare:1',
    '2. proxy (sidecar): example.org/proxy:1',
    '3. main: example.org/main:1',
    'runs the command of the image',
    'runs sh -c "echo \\"hi\\"\\nsleep 1"',
    `PLAIN = ${'x'.repeat(100)}…`,
    'EMPTY = ',
    'TOKEN = from Secret keys, key token',
    'MODE = from ConfigMap modes, key mode',
    'NODE = from spec.nodeName',
    'CPUS = from limits.cpu',
    '* = from Secret more, all keys',
    'C_* = from ConfigMap modes, all keys',
    '/state is state, only db',
    '/keys is keys, read-only',
    'state: a claim for each pod (5Gi, ReadWriteOnce, fast)',
    'main at /state, only db',
    'keys: Secret keys',
    'main at /keys, read-only',
    'memory: empty folder in memory up to 1Gi',
    'mounted nowhere',
    'node: folder /var/lib/x of the node',
    'scratch: a claim that lives with the pod (9Gi)',
    'seed: image example.org/seed:1',
    'claim: claim elsewhere (not in this manifest)',
    'disk: nfs',
    'pod: hostPathVolumes',
    '.spec.template.spec.volumes[2].hostPath is {"path":"/var/lib/x"}',
    'main: runAsNonRoot',
    '.spec.template.spec.containers[0].securityContext.runAsNonRoot is not set',
  ])('says "%s"', line => {
    expect(lines()).toContain(line);
  });

  test.each<[string, object, string]>([
    ['CronJob', { schedule: '0 3 * * *', jobTemplate: { spec: { template: { spec: {} } } } }, 'at 0 3 * * *, concurrency Allow'],
    ['DaemonSet', { template: { spec: {} } }, 'one pod on each node'],
    ['Deployment', { template: { spec: {} } }, '1 pod, update by RollingUpdate'],
    ['Job', { template: { spec: {} } }, 'one pod'],
  ])('says when and how many pods of a %s run', (kind, spec, scale) => {
    expect(explain([{ apiVersion: 'v1', kind, metadata: { name: 'x' }, spec }])).toContain(scale);
  });

  test('gives the verdict of Pod Security', () => {
    const chart = testChart();
    new kplus.Deployment(chart, 'plain', { containers: [{ image: 'example.org/app:1' }] });
    expect(explain(workspace())).toMatch(/Pod Security: conforms to restricted$/);
    expect(explain(Testing.synth(chart))).toContain('Pod Security: conforms to baseline, not to restricted: 2 violations');
    expect(explain([workload()])).toContain('Pod Security: conforms neither to restricted nor to baseline: ');
  });

  test('knows the claim of a workload when it is in the manifest, and draws one tree per workload', () => {
    const trees = explain([...workspace(), workload()]).split('\n\n');
    expect(trees.map(tree => tree.split('\n')[0])).toEqual([expect.stringMatching(/^Deployment test-workspace-/), 'StatefulSet db']);
    expect(trees[0]).toMatch(/nix-store: claim \S+ \(20Gi, ReadWriteOnce\)/);
  });

  test('as a whole', () => {
    expect(explain([workload()])).toMatchSnapshot();
  });
});

describe('mermaid', () => {
  const chart = (manifests: any[]) => explain(manifests, 'mermaid').split('\n').map(line => line.trim());

  test('starts init containers one after the other, and all others together', () => {
    expect(chart([workload()]).filter(line => line.includes('==>'))).toEqual(['w0c0 ==> w0c1', 'w0c1 ==> w0c2', 'w0c1 ==> w0c3']);
  });

  test('draws no order where there are no init containers', () => {
    const { spec, ...rest } = workload();
    spec.template.spec.initContainers = [];
    expect(chart([{ ...rest, spec }]).filter(line => line.includes('==>'))).toEqual([]);
  });

  test('connects containers with their volumes and Secrets', () => {
    const lines = chart([workload()]);
    const idOf = (label: string) => lines.find(line => line.includes(label))!.match(/^\w+/)![0];
    expect(lines).toContain(`w0c2 ---|"/state<br/>only db"| ${idOf('state<br/>a claim for each pod')}`);
    expect(lines).toContain(`w0c2 -.-|"/keys"| ${idOf('keys<br/>Secret keys')}`);
    expect(lines).toContain(`${idOf('keys<br/>Secret keys')} -.->|"TOKEN"| w0c2`);
    expect(lines).toContain(`${idOf('"Secret more"')} -.->|"*"| w0c2`);
  });

  test('draws an object that two workloads use once, and what each pod has for itself twice', () => {
    const other = workload();
    other.metadata.name = 'other';
    const nodes = chart([workload(), other]).filter(line => /^[vs]\d+[[{]/.test(line));
    expect(nodes.filter(line => line.includes('Secret keys'))).toHaveLength(1);
    expect(nodes.filter(line => line.includes('a claim for each pod'))).toHaveLength(2);
  });

  test('escapes what mermaid would read as markup', () => {
    const manifest = workload();
    manifest.spec.template.spec.containers[0].volumeMounts[0].mountPath = '/a"b<c>|d';
    expect(chart([manifest])).toContainEqual(expect.stringContaining('---|"/a#34;b#60;c#62;#124;d<br/>only db"|'));
  });

  test('as a whole', () => {
    expect(explain([workload()], 'mermaid')).toMatchSnapshot();
  });
});

describe('files', () => {
  let folder: string;
  beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'explain-')); });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('explains the YAML that was synthesized', () => {
    const file = join(folder, 'workspace.k8s.yaml');
    Yaml.save(file, workspace());
    expect(explainFile(file)).toBe(explain(workspace()));
    expect(explainFile(file, 'mermaid')).toBe(explain(workspace(), 'mermaid'));
  });

  test.each<[string, string | undefined, RegExp]>([
    ['a file that does not exist', undefined, /^There is no file .*Synthesize first/],
    ['text that is no manifest', 'just text', /document 1 is no Kubernetes object/],
    ['an object without a kind', 'apiVersion: v1\nkind: Pod\n---\na: b', /document 2 is no Kubernetes object/],
    ['objects without a workload', 'apiVersion: v1\nkind: ConfigMap', /there is no workload among ConfigMap\.$/],
    ['an empty file', '', /there is no workload among no objects/],
  ])('refuses %s', (_what, text, message) => {
    const file = join(folder, 'manifest.yaml');
    if (text !== undefined) {
      writeFileSync(file, text);
    }
    expect(() => explainFile(file)).toThrow(message);
  });
});

test('values of Secrets are not shown, even if the manifest holds them', () => {
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, stringData: { token: 'hush' }, data: { more: 'aHVzaA==' } };
  expect(explain([secret, workload()]) + explain([secret, workload()], 'mermaid')).not.toMatch(/hush|aHVzaA/);
});
