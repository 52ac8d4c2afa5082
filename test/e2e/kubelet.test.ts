import { Node } from './kubelet/node';
import { ContainerFailed } from './kubelet/pod';
import { busyboxImage } from '../support/images';

const CONFIG = `
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { colour: blue, shape: round }
---
apiVersion: v1
kind: Secret
metadata: { name: keys }
data: { token: c2VjcmV0 }
`;

/** A pod of one container, its fields given as YAML in one line each. */
const pod = (container: string, spec: string = '') => `
apiVersion: v1
kind: Pod
metadata: { name: pod }
spec:
  containers:
  - { name: main, image: busybox, ${container} }
  ${spec}
`;

const STAY = 'command: [sh, -c, "trap exit TERM; sleep 1000 & wait"]';

// What the manifests of the library do not use at all, or only in ways that hide a mistake in the harness.
describe('the test kubelet', () => {
  let node: Node;

  beforeEach(() => {
    node = new Node({ busybox: busyboxImage() });
    node.apply(CONFIG);
  });

  afterEach(() => node.destroy());

  function start(yaml: string) {
    node.apply(yaml);
    return node.rollOut('Pod', 'pod')[0];
  }

  test('resolves variables from Secrets, ConfigMaps, fields and each other, in commands too', () => {
    const running = start(pod(`command: [echo, '$(COLOUR) $(NOBODY) $$(COLOUR)'], args: [$(BOTH), $(P_shape), $(NAME)], env: [
      { name: TOKEN, valueFrom: { secretKeyRef: { name: keys, key: token } } },
      { name: COLOUR, valueFrom: { configMapKeyRef: { name: settings, key: colour } } },
      { name: BOTH, value: '$(TOKEN)-$(COLOUR)-$(LATER)' },
      { name: LATER, value: x },
      { name: NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
    ], envFrom: [{ prefix: P_, configMapRef: { name: settings } }]`, 'restartPolicy: Never'));
    expect(running.complete().get('main')).toMatch(/^blue \$\(NOBODY\) \$\(COLOUR\) secret-blue-\$\(LATER\) round pod-\d+\n$/);
  });

  test('lays out ConfigMaps and Secrets with modes, items and links, for the group and read-only', () => {
    const running = start(pod(`${STAY}, volumeMounts: [
      { name: settings, mountPath: /settings }, { name: settings, mountPath: /one, subPath: colour }, { name: all, mountPath: /all }
    ], env: [{ name: BOTH, value: '$(A)' }]`, `
  securityContext: { runAsUser: 1001, runAsGroup: 1001, fsGroup: 2002 }
  volumes:
  - { name: settings, configMap: { name: settings, defaultMode: 0400 } }
  - name: all
    projected:
      sources:
      - { secret: { name: keys, items: [{ key: token, path: deep/token, mode: 0600 }] } }
      - { configMap: { name: settings } }
`));
    expect(running.sh('cat /settings/colour /one /all/deep/token /all/shape')).toBe('bluebluesecretround');
    expect(running.sh('stat -Lc "%a %u %g" /settings/colour /all/deep/token /all/shape')).toBe('440 0 2002\n640 0 2002\n644 0 2002');
    expect(running.sh('readlink /settings/colour; id -G')).toBe('..data/colour\n1001 2002');
    expect(running.exec(['sh', '-c', 'echo >/settings/new']).stderr).toContain('Read-only file system');
  });

  test('gives volumes to the group, and a subPath that is not there the mode of the root', () => {
    const running = start(pod(`${STAY}, volumeMounts: [{ name: scratch, mountPath: /scratch }, { name: scratch, mountPath: /sub, subPath: a/b }]`, `
  securityContext: { runAsUser: 1001, fsGroup: 2002 }
  volumes: [{ name: scratch, emptyDir: {} }]
`));
    expect(running.sh('stat -c "%a %u %g" /scratch /scratch/a /sub')).toBe('2777 0 2002\n2755 0 2002\n777 0 2002');
  });

  test('walks a claim for the group again only if OnRootMismatch finds the root wrong', () => {
    node.apply('{ apiVersion: v1, kind: PersistentVolumeClaim, metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 64Mi } } } }');
    const claimed = (policy: string) => pod(`${STAY}, volumeMounts: [{ name: data, mountPath: /data }]`, `
  securityContext: { runAsUser: 1001, runAsGroup: 1001, fsGroup: 1001, fsGroupChangePolicy: ${policy} }
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`);
    const mode = (policy: string) => start(claimed(policy)).sh('touch /data/file; stat -c %a /data/file');
    start(claimed('OnRootMismatch')).sh('umask 077; echo >/data/file');
    expect(mode('OnRootMismatch')).toBe('600');
    expect(mode('Always')).toBe('660');
  });

  test('waits for probes', () => {
    const running = start(pod('command: [sh, -c, "trap exit TERM; sleep 1; touch /ready; sleep 1000 & wait"], readinessProbe: { exec: { command: [test, -e, /ready] }, periodSeconds: 1 }'));
    expect(running.exec(['test', '-e', '/ready']).code).toBe(0);
    expect(() => start(pod(`${STAY}, startupProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 2 }`))).toThrow('its probe did not pass in 1 s');
    const web = (path: string) => pod(`command: [sh, -c, 'sleep 1; exec httpd -f -p 8080 -h /etc'], ports: [{ name: http, containerPort: 8080 }],
      livenessProbe: { httpGet: { path: ${path}, port: http }, periodSeconds: 2, failureThreshold: 2 }`, 'terminationGracePeriodSeconds: 1');
    expect(start(web('/passwd')).exec(['true']).code).toBe(0);
    expect(() => start(web('/nothing'))).toThrow('its probe did not pass in 2 s');
  });

  test('hands on how a container failed and what it said last', () => {
    const failing = start(pod('command: [sh, -c, "echo doing; echo why >/dev/termination-log; exit 7"]', 'restartPolicy: Never'));
    let failure: unknown;
    try {
      failing.complete();
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(ContainerFailed);
    expect(failure).toMatchObject({ container: 'main', code: 7, logs: 'doing\n', terminationMessage: 'why\n' });
  });

  test('kills what does not end within the grace period', () => {
    const deaf = start(pod('command: [sh, -c, "trap : TERM; while :; do sleep 1; done"]', 'terminationGracePeriodSeconds: 2'));
    expect(deaf.stop()).toBeGreaterThanOrEqual(2);
  });

  test('takes nothing away that the manifest does not: root, capabilities, no seccomp, a writable root', () => {
    const running = start(pod(STAY));
    expect(running.sh('id -u; grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status | cut -f 2; echo >/file; grep CapEff /proc/self/status')).toMatch(/^0\n0\n0\nCapEff:\s*0*[1-9a-f]/);
  });

  test('keeps the old pods of a rolling update until the new ones run; with Recreate they are gone before', () => {
    const deployment = (name: string, strategy: string, command: string) => node.apply(`
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  selector: { matchLabels: { app: ${name} } }
  strategy: { type: ${strategy} }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      initContainers: [{ name: check, image: busybox, command: ['${command}'] }]
      containers: [{ name: main, image: busybox, ${STAY} }]
`);
    const runsAfterFailure = (strategy: string) => {
      const name = strategy.toLowerCase();
      deployment(name, strategy, 'true');
      const [old] = node.rollOut('Deployment', name);
      deployment(name, strategy, 'false');
      expect(() => node.rollOut('Deployment', name)).toThrow('container check ended with 1');
      return old.exec(['true']).code === 0;
    };
    expect(runsAfterFailure('RollingUpdate')).toBe(true);
    expect(runsAfterFailure('Recreate')).toBe(false);
  });

  test('connects a pod with the services beside it, and with nothing else', () => {
    node.apply(`
apiVersion: v1
kind: Service
metadata: { name: cache }
spec: { selector: { app: cache }, ports: [{ port: 8080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: cache }, ports: [{ port: 80, targetPort: http }] }
---
apiVersion: v1
kind: Service
metadata: { name: elsewhere }
spec: { selector: { app: other }, ports: [{ port: 81, targetPort: 8080 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: server, labels: { app: cache } }
spec: { containers: [{ name: main, image: busybox, command: [httpd, -f, -p, '8080', -h, /etc], ports: [{ name: http, containerPort: 8080 }] }] }
`);
    const [server] = node.rollOut('Pod', 'server');
    node.apply(pod(STAY));
    const [client] = node.rollOut('Pod', 'pod', { besides: server });
    expect(client.run(['wget', '-qO-', 'http://cache.default.svc:8080/passwd'])).toContain('root:');
    expect(client.run(['wget', '-qO-', 'http://web/passwd'])).toContain('root:');
    expect(client.exec(['wget', '-qO-', 'http://elsewhere:81/passwd']).stderr).toContain('Connection refused');
    expect(client.sh('ip -o link | cut -d: -f2')).toBe(' lo');
    const [alone] = node.rollOut('Pod', 'pod');
    expect(alone.exec(['wget', '-qO-', 'http://cache:8080/passwd']).code).not.toBe(0);
  });
});
