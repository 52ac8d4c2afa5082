import * as assert from 'assert/strict';
import { Yaml } from 'cdk8s';
import { RunningPod, Scenario } from '../scenario';

const LABELS = { app: 'inside' };
const VOLUMES = {
  '/empty': { emptyDir: {} },
  '/memory': { emptyDir: { medium: 'Memory', sizeLimit: '32Mi' } },
  '/config': { configMap: { name: 'inside' } },
  '/secret': { secret: { secretName: 'inside', defaultMode: 0o400, items: [{ key: 'key', path: 'folder/file' }] } },
};
const ENTRIES = Object.entries(VOLUMES).map(([path, source]) => ({ path, source, name: path.slice(1) }));

/** Nothing of ours: what our pods build on, so that the test kubelet is held against a real one. */
const manifests = (image: string) => [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'inside' }, data: { key: 'of the ConfigMap' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'inside' }, stringData: { key: 'of the Secret' } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'inside' },
    spec: {
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          securityContext: { runAsUser: 1001, runAsGroup: 1001, fsGroup: 1001, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [{
            name: 'app',
            image,
            command: ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'],
            env: [
              { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
              { name: 'FROM_SECRET', valueFrom: { secretKeyRef: { name: 'inside', key: 'key' } } },
              { name: 'BOTH', value: '$(POD) $(FROM_SECRET) $(NOBODY) $$(POD)' },
            ],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true },
            volumeMounts: [
              ...ENTRIES.map(({ name, path }) => ({ name, mountPath: path })),
              { name: 'empty', mountPath: '/new', subPath: 'new/folder' },
              { name: 'config', mountPath: '/file', subPath: 'key' },
            ],
          }],
          volumes: ENTRIES.map(({ name, source }) => ({ name, ...source })),
        },
      },
    },
  },
];

export const INSIDE: Scenario = {
  name: 'inside of a pod',
  steps: (place, images) => {
    let pod: RunningPod;
    const owner = (path: string) => pod.sh(`stat -L -c '%u:%g %a' ${path}`);
    return {
      'folders belong to the group of the volumes': () => {
        place.apply(Yaml.stringify(...manifests(images.plain)));
        [pod] = place.rollOut('Deployment', 'inside');
        assert.deepEqual(['/empty', '/memory', '/new'].map(owner), ['0:1001 2777', '0:1001 3777', '0:1001 2777']);
      },
      'a volume in memory is as large as its limit': () => {
        assert.equal(pod.sh("df -k /memory | awk 'END { print $2 }'"), '32768');
      },
      'files of ConfigMaps and Secrets are links to what can be replaced at once, and cannot be written': () => {
        assert.deepEqual(['/config/key', '/secret/folder/file', '/file'].map(owner), ['0:1001 644', '0:1001 440', '0:1001 644']);
        assert.deepEqual(pod.sh('readlink /config/key; readlink /secret/folder; cat /config/key /secret/folder/file').split('\n'),
          ['..data/key', '..data/folder', 'of the ConfigMapof the Secret']);
        assert.equal(pod.sh('{ echo >/config/key; } 2>/dev/null || echo no; { echo >/config/other; } 2>/dev/null || echo no'), 'no\nno');
      },
      'variables lead to variables before them': () => {
        assert.equal(pod.sh('echo "$BOTH"'), `${pod.sh('echo "$POD"')} of the Secret $(NOBODY) $(POD)`);
      },
      'nobody has a name, and the host name is that of the pod': () => {
        assert.equal(pod.sh('id -u; id -g; id -G; whoami 2>/dev/null || echo nobody; hostname'), `1001\n1001\n1001\nnobody\n${pod.sh('echo "$POD"')}`);
      },
    };
  },
};
