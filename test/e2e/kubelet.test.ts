import { ContainerFailed } from './kubelet/container-failed';
import { Node, NodeOptions, RollOutOptions } from './kubelet/node';
import { busyboxImage, debianImage } from '../support/images';

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

const CLAIM = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 64Mi } } }
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

  function start(yaml: string, options?: RollOutOptions) {
    node.apply(yaml);
    return node.rollOut('Pod', 'pod', options)[0];
  }

  /** A node as the one before, but for what is said. */
  function replaceNode(options: NodeOptions) {
    node.destroy();
    node = new Node({ busybox: busyboxImage() }, options);
    node.apply(CONFIG);
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

  test('gives volumes to the group, and a subPath that is not there group, mode and setgid bit of the root', () => {
    node.apply(CLAIM);
    const running = start(pod(`${STAY}, volumeMounts: [{ name: data, mountPath: /data }, { name: data, mountPath: /sub, subPath: a/b },
      { name: scratch, mountPath: /scratch }, { name: scratch, mountPath: /scratch-sub, subPath: a }]`, `
  securityContext: { runAsUser: 1001, fsGroup: 2002 }
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }, { name: scratch, emptyDir: {} }]
`));
    expect(running.sh('stat -c "%a %u %g" /data /data/a /sub /scratch /scratch-sub').split('\n')).toEqual([
      '2775 0 2002', '2775 0 2002', '2775 0 2002', '2777 0 2002', '2777 0 2002',
    ]);
  });

  test('makes no subPath on a file server, which takes root for nobody, and gives nothing to the group', () => {
    replaceNode({ fileServer: true });
    node.apply(CLAIM);
    const mounting = (name: string) => pod(`${STAY}, volumeMounts: [{ name: data, mountPath: /data }, { name: data, mountPath: /sub, subPath: ${name} }]`, `
  securityContext: { fsGroup: 2002 }
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`);
    expect(() => start(mounting('a'))).toThrow('CreateContainerConfigError: failed to create subPath directory "a"');
    expect(node.disk('data').entries).toEqual([]);
    expect(start(mounting('"."')).sh('stat -c "%a %u %g" /data; echo >/data/file; ls /sub').split('\n')).toEqual(['755 0 0', 'file', 'lost+found']);
  });

  test('shows an empty folder for any subPath where it does not see what it mounts', () => {
    replaceNode({ emptySubPaths: true });
    node.apply(CLAIM);
    const running = start(pod(`${STAY}, volumeMounts: [{ name: data, mountPath: /data }, { name: data, mountPath: /sub, subPath: "." },
      { name: scratch, mountPath: /scratch, subPath: a }]`, `
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }, { name: scratch, emptyDir: {} }]
`));
    expect(running.sh('ls /data; ls -A /sub /scratch')).toBe('lost+found\n/scratch:\n\n/sub:');
  });

  test("makes a subPath root's alone on a volume that has no group", () => {
    node.apply(CLAIM);
    const running = start(pod(`${STAY}, volumeMounts: [{ name: data, mountPath: /sub, subPath: a }]`, `
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`));
    expect(running.sh('stat -c "%a %u %g" /sub')).toBe('755 0 0');
  });

  test('walks a claim for the group again only if OnRootMismatch finds the root wrong', () => {
    node.apply(CLAIM);
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
    const running = start(pod('command: [sh, -c, "trap exit TERM; sleep 1; touch /ready; sleep 1000 & wait"], readinessProbe: { exec: { command: [test, -e, /ready] }, periodSeconds: 1, failureThreshold: 60 }'));
    expect(running.exec(['test', '-e', '/ready']).code).toBe(0);
    expect(() => start(pod(`${STAY}, startupProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 2 }`))).toThrow('its probe did not pass in 1 s');
    const web = (path: string, failureThreshold: number) => pod(`command: [sh, -c, 'sleep 1; exec httpd -f -p 8080 -h /etc'], ports: [{ name: http, containerPort: 8080 }],
      livenessProbe: { httpGet: { path: ${path}, port: http }, periodSeconds: 2, failureThreshold: ${failureThreshold} }`, 'terminationGracePeriodSeconds: 1');
    expect(start(web('/passwd', 30)).exec(['true']).code).toBe(0);
    expect(() => start(web('/nothing', 2))).toThrow('its probe did not pass in 2 s');
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

  test('takes the end of the log for the last words where a container has none and its policy says so', () => {
    const last = (more: string) => {
      try {
        return start(pod(`command: [sh, -c, "echo why; ${more} exit 7"], terminationMessagePolicy: FallbackToLogsOnError`, 'restartPolicy: Never')).complete();
      } catch (error) {
        return (error as ContainerFailed).terminationMessage;
      }
    };
    expect(last('')).toBe('why\n');
    expect(last('echo because >/dev/termination-log;')).toBe('because\n');
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

  describe('starts again what failed', () => {
    const FAILS_ONCE = `initContainers:
  - name: first
    image: busybox
    env: [{ name: UID, valueFrom: { fieldRef: { fieldPath: metadata.uid } } }]
    command: [sh, -c, 'echo $$$$ $UID $(readlink /proc/self/ns/net) >>/scratch/starts; ls /made 2>&1; touch /made; test $(wc -l </scratch/starts) -gt 1']
    volumeMounts: [{ name: scratch, mountPath: /scratch }]
  volumes: [{ name: scratch, emptyDir: {} }]`;
    const SCRATCH = 'volumeMounts: [{ name: scratch, mountPath: /scratch }]';

    test('as process 1 of the same sandbox, with what is in its volumes and nothing else', () => {
      replaceNode({ restarts: 1, backOff: 0.1 });
      const running = start(pod(`${STAY}, ${SCRATCH}`, FAILS_ONCE));
      const [first, second] = running.sh('cat /scratch/starts').split('\n');
      expect(first).toMatch(/^1 [0-9a-f]{8}-\S+ net:/);
      expect(second).toBe(first);
      expect(running.initLogs.get('first')).toContain('/made: No such file or directory');
      expect(running.restarts.of('first')).toBe(1);
    });

    test('later each time, and not for ever', () => {
      const failing = pod(STAY, "initContainers: [{ name: first, image: busybox, command: ['false'] }]");
      expect(() => start(failing)).toThrow('container first ended with 1');
      replaceNode({ restarts: 2, backOff: 0.4 });
      const begin = Date.now();
      expect(() => start(failing)).toThrow('container first ended with 1');
      expect(Date.now() - begin).toBeGreaterThan(1200);
    });

    test('unless the pod is never to', () => {
      replaceNode({ restarts: 1, backOff: 0 });
      expect(() => start(pod(`${STAY}, ${SCRATCH}`, `restartPolicy: Never\n  ${FAILS_ONCE}`))).toThrow('container first ended with 1');
    });

    test('after a sudden end, half-way or at work', () => {
      replaceNode({ restarts: 1, backOff: 0.1 });
      const script = 'ls /scratch; touch /scratch/begun; echo working; sleep 2; touch /scratch/done';
      const running = start(pod(`${STAY}, ${SCRATCH}, readinessProbe: { exec: { command: [test, -e, /scratch/done] }, periodSeconds: 1 }`, `initContainers:
  - { name: first, image: busybox, command: [sh, -c, '${script}'], ${SCRATCH} }
  volumes: [{ name: scratch, emptyDir: {} }]`), { kill: { container: 'first', when: log => log.includes('working') } });
      expect(running.restarts.of('first')).toBe(1);
      expect(running.initLogs.get('first')).toBe('begun\nworking\n');
      running.killContainer();
      expect(running.restarts.of('main')).toBe(1);
      expect(running.sh('ls /scratch')).toBe('begun\ndone');
      expect(() => running.killContainer()).toThrow('container main ended with 137');
    });
  });

  describe('holds containers to their limits', () => {
    const limited = (memory: string, command: string, more = '') =>
      pod(`command: [sh, -c, '${command}'], resources: { limits: { memory: ${memory} } }${more}`, `restartPolicy: Never
  volumes: [{ name: scratch, emptyDir: { medium: Memory } }, { name: small, emptyDir: { medium: Memory, sizeLimit: 8Mi } }]`);
    const MOUNTS = ', volumeMounts: [{ name: scratch, mountPath: /scratch }, { name: small, mountPath: /small }]';

    test('memory', () => {
      expect(start(limited('64Mi', 'dd if=/dev/zero of=/dev/null bs=16M count=1')).complete().get('main')).toContain('1+0 records');
      expect(() => start(limited('64Mi', 'exec dd if=/dev/zero of=/dev/null bs=128M count=1')).complete()).toThrow('container main ended with 137');
    });

    test('processors', () => {
      const limit = 'cat /sys/fs/cgroup/cpu.max 2>/dev/null || echo $(cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us)';
      expect(start(pod(`command: [sh, -c, '${limit}'], resources: { limits: { cpu: 250m } }`, 'restartPolicy: Never')).complete().get('main')).toBe('25000 100000\n');
    });

    test('volumes in memory: their own, or that of the pod', () => {
      const output = start(limited('48Mi', 'df -m /small /scratch; dd if=/dev/zero of=/small/file bs=1M count=9; true', MOUNTS)).complete().get('main');
      expect(output).toMatch(/ 8 .*\/small\n.* 48 .*\/scratch\n/);
      expect(output).toContain('No space left on device');
    });
  });

  test('takes a pod whose objects come later, and starts it when they are there', () => {
    node.apply(pod(`${STAY}, envFrom: [{ configMapRef: { name: late } }], volumeMounts: [{ name: data, mountPath: /data }]`, `
  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`));
    const [running] = node.rollOut('Pod', 'pod', { later: [CLAIM, '{ apiVersion: v1, kind: ConfigMap, metadata: { name: late }, data: { ANSWER: "42" } }'] });
    expect(running.waitedFor).toEqual(['PersistentVolumeClaim "data" not found', 'ConfigMap "late" not found']);
    expect(running.sh('echo $ANSWER')).toBe('42');
    expect(() => start(pod(`${STAY}, envFrom: [{ configMapRef: { name: never } }]`))).toThrow('ConfigMap "never" not found');
  });

  test('tells containers where services are, unless they have such a variable or want none', () => {
    const service = (name: string, more = '') => node.apply(`{ apiVersion: v1, kind: Service, metadata: { name: ${name} },
      spec: { selector: { app: x }, ports: [{ name: http-api, port: 80 }, { name: other, port: 81 }]${more} } }`);
    service('nix-cache');
    service('headless', ', clusterIP: None');
    const env = `${STAY}, env: [{ name: NIX_CACHE_SERVICE_PORT, value: mine }, { name: URL, value: 'http://$(NIX_CACHE_SERVICE_HOST)' }]`;
    const variables = start(pod(env)).sh('env').split('\n');
    expect(variables).toEqual(expect.arrayContaining([
      'KUBERNETES_SERVICE_HOST=127.0.0.1', 'KUBERNETES_SERVICE_PORT_HTTPS=443', 'NIX_CACHE_PORT=tcp://127.0.0.1:80',
      'NIX_CACHE_PORT_81_TCP_ADDR=127.0.0.1', 'NIX_CACHE_SERVICE_PORT=mine', 'NIX_CACHE_SERVICE_PORT_HTTP_API=80', 'URL=http://127.0.0.1',
    ]));
    expect(variables.filter(variable => variable.startsWith('HEADLESS'))).toEqual([]);
    const without = start(pod(STAY, 'enableServiceLinks: false')).sh('env');
    expect(without).toContain('KUBERNETES_SERVICE_HOST');
    expect(without).not.toContain('NIX_CACHE');
  });

  describe('pulls images', () => {
    const run = (image: string, policy = '') =>
      start(pod(`command: [sh, -c, 'test ! -e /etc/debian_version']${policy && `, imagePullPolicy: ${policy}`}`, 'restartPolicy: Never').replace('busybox', image)).complete();

    test('as their policy says, and one whose tag may move each time', () => {
      const [fixed, moving] = ['registry.local/team/app:1.0.0', 'registry.local:5000/team/app'];
      [fixed, moving].forEach(image => node.images.push(image, busyboxImage()));
      expect(() => run(fixed, 'Never')).toThrow('ErrImageNeverPull');
      run(fixed);
      run(moving);
      node.images.reachable = false;
      run(fixed);
      run(fixed, 'Never');
      run(moving, 'IfNotPresent');
      expect(() => run(fixed, 'Always')).toThrow('ErrImagePull: the registry does not answer');
      expect(() => run(moving)).toThrow('ErrImagePull: the registry does not answer');
    });

    test('again if they are to, and otherwise keeps the one it has', () => {
      const reference = 'registry.local/app:stable';
      node.images.push(reference, busyboxImage());
      run(reference);
      node.images.push(reference, debianImage());
      run(reference);
      expect(() => run(reference, 'Always')).toThrow('container main ended with 1');
    });
  });

  test('shows the folder of an image volume that is asked for, or its root on older runtimes', () => {
    const image = 'volumes: [{ name: image, image: { reference: busybox } }]';
    const yaml = pod(`${STAY}, volumeMounts: [{ name: image, mountPath: /image, subPath: etc, readOnly: true }]`, image);
    expect(start(yaml).sh('ls /image')).toBe('group\npasswd');
    replaceNode({ imageSubPath: false });
    expect(start(yaml).sh('ls /image').split('\n')).toContain('etc');
  });
});
