import { Chart, Duration, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { AiAssistant, BackstageDatabase, BackstageNix, BackstageNixProps, CaBundle, NixHome, NixStore, NixUser } from '../../src';
import { mountAt, only, testChart, variable } from '../support/synth';
import { synthError } from '../support/synth-error';
import { appConfig, portal, secretOf } from './support/portal';

/** Synthesizes a portal, which has to be valid. */
function synth(build: (chart: Chart) => Partial<BackstageNixProps>, after: (portal: BackstageNix, chart: Chart) => void = () => {}): any[] {
  const chart = testChart('portal');
  after(portal(chart, build(chart)), chart);
  const manifests = Testing.synth(chart);
  expect(manifests).toBeValidKubernetes({ external: ['*'] });
  return manifests;
}

const template = (manifests: any[]): any => only(manifests, 'Deployment').spec.template;

test('a rollout counts as stuck once the portal has had its time to be seeded and to start', () => {
  const deadline = (props: Partial<BackstageNixProps>) => only(synth(() => props), 'Deployment').spec.progressDeadlineSeconds;
  expect(deadline({})).toBe(20 * 60);
  expect(deadline({ probes: { startup: Duration.minutes(30) } })).toBe(40 * 60);
  expect(deadline({ deployment: { progressDeadline: Duration.hours(1) } })).toBe(60 * 60);
});

describe('the container', () => {
  test('listens on another port, in all places that say so', () => {
    const manifests = synth(() => ({ container: { portNumber: 8080 } }));
    const [container] = template(manifests).spec.containers;
    expect(container.ports).toEqual([{ containerPort: 8080, name: 'http' }]);
    expect([container.startupProbe, container.readinessProbe, container.livenessProbe].map(probe => probe.httpGet.port)).toEqual([8080, 8080, 8080]);
    expect(only(manifests, 'Service').spec.ports).toEqual([{ name: 'http', port: 80, targetPort: 8080 }]);
    expect(appConfig(manifests).backend.listen.port).toBe(8080);
  });

  test('has ports besides, and may name its own', () => {
    const [container] = template(synth(() => ({ container: { ports: [{ number: 7007, name: 'web' }, { number: 9464, name: 'metrics' }] } }))).spec.containers;
    expect(container.ports).toEqual([{ containerPort: 7007, name: 'web' }, { containerPort: 9464, name: 'metrics' }]);
  });

  test('runs a command of its own with our configuration, and arguments of its own as they are', () => {
    const run = (container: kplus.ContainerOpts) => {
      const { command, args } = template(synth(() => ({ container, configFiles: ['a.yaml'] }))).spec.containers[0];
      return { command, args };
    };
    const config = ['--config', 'a.yaml', '--config', '/etc/backstage/app-config.cdk8s-nix.yaml'];
    // With the variables of the home's session.
    const session = ['sh', '/etc/cdk8s-nix/session.sh'];
    expect(run({ command: ['yarn', 'start'] })).toEqual({ command: [...session, 'yarn', 'start'], args: config });
    expect(run({ args: ['start'] })).toEqual({ command: undefined, args: ['start'] });
    expect(run({ command: ['yarn'], args: ['start'] })).toEqual({ command: [...session, 'yarn'], args: ['start'] });
  });

  test('has what cdk8s-plus knows: name, variables, sources of them, mounts, pull policy, security, resources', () => {
    const volumeMounts: kplus.VolumeMount[] = [];
    const manifests = synth(chart => {
      volumeMounts.push({ path: '/data', volume: kplus.Volume.fromEmptyDir(chart, 'Data', 'data') });
      return {
        container: {
          name: 'portal',
          workingDir: '/srv/portal',
          envVariables: { LOG_LEVEL: kplus.EnvValue.fromValue('warn'), REGION: kplus.EnvValue.fromValue('north') },
          envFrom: [kplus.Env.fromConfigMap(kplus.ConfigMap.fromConfigMapName(chart, 'Env', 'portal-env'))],
          volumeMounts,
          imagePullPolicy: kplus.ImagePullPolicy.ALWAYS,
          securityContext: { readOnlyRootFilesystem: false },
          resources: { memory: { request: Size.gibibytes(3), limit: Size.gibibytes(3) } },
        },
      };
    });
    const [container] = template(manifests).spec.containers;
    expect(container).toMatchObject({
      name: 'portal',
      workingDir: '/srv/portal',
      imagePullPolicy: 'Always',
      envFrom: [{ configMapRef: { name: 'portal-env' } }],
      resources: { requests: { memory: '3072Mi' }, limits: { memory: '3072Mi' } },
      securityContext: { readOnlyRootFilesystem: false },
    });
    expect([variable(container, 'LOG_LEVEL'), variable(container, 'REGION'), variable(container, 'NODE_ENV')]).toEqual(['warn', 'north', 'production']);
    expect(mountAt(container, '/data').name).toBe('data');
    expect(mountAt(container, '/nix').name).toBe('nix-store');
    // The list is the user's, who may use it again.
    expect(volumeMounts).toHaveLength(1);
  });

  test('is asked by other paths, at other times, by probes of its own, or not at all', () => {
    const probes = (props: Partial<BackstageNixProps>) => {
      const { startupProbe, readinessProbe, livenessProbe } = template(synth(() => props)).spec.containers[0];
      return [startupProbe, readinessProbe, livenessProbe];
    };
    expect(probes({ probes: { readinessPath: '/healthcheck', livenessPath: '/alive', startup: Duration.minutes(3), period: Duration.seconds(7), timeout: Duration.seconds(2) } }))
      .toMatchObject([
        { httpGet: { path: '/healthcheck' }, failureThreshold: 26, periodSeconds: 7, timeoutSeconds: 2 },
        { httpGet: { path: '/healthcheck' }, failureThreshold: 3, periodSeconds: 7, timeoutSeconds: 2 },
        { httpGet: { path: '/alive' }, failureThreshold: 6, periodSeconds: 7, timeoutSeconds: 2 },
      ]);
    expect(probes({ container: { liveness: kplus.Probe.fromTcpSocket({ port: 7007 }) } }))
      .toMatchObject([{ httpGet: {} }, { httpGet: {} }, { tcpSocket: { port: 7007 } }]);
    expect(probes({ probes: { enabled: false } })).toEqual([undefined, undefined, undefined]);
    expect(probes({ probes: { enabled: false }, container: { readiness: kplus.Probe.fromTcpSocket({ port: 7007 }) } }))
      .toMatchObject([undefined, { tcpSocket: {} }, undefined]);
  });

  test('is asked on its port by probes and handlers of the user that name none, as cdk8s-plus has it', () => {
    const container = {
      portNumber: 8080,
      liveness: kplus.Probe.fromTcpSocket(),
      readiness: kplus.Probe.fromHttpGet('/up'),
      lifecycle: { preStop: kplus.Handler.fromHttpGet('/stop') },
    };
    const [{ livenessProbe, readinessProbe, lifecycle, ports }] = template(synth(() => ({ container }))).spec.containers;
    expect([livenessProbe.tcpSocket.port, readinessProbe.httpGet.port, lifecycle.preStop.httpGet.port]).toEqual([8080, 8080, 8080]);
    expect(ports).toEqual([{ containerPort: 8080, name: 'http' }]);
    expect(template(synth(() => ({ container, probes: { enabled: false } }))).spec.containers[0].startupProbe).toBeUndefined();
  });
});

describe('the workload', () => {
  test('has what cdk8s-plus knows: metadata, pull secrets, volumes, time to end', () => {
    const manifests = synth(chart => ({
      deployment: {
        metadata: { name: 'backstage', labels: { team: 'platform' } },
        podMetadata: { annotations: { 'prometheus.io/scrape': 'true' } },
        dockerRegistryAuth: secretOf(chart, 'registry'),
        volumes: [kplus.Volume.fromEmptyDir(chart, 'Extra', 'extra')],
        terminationGracePeriod: Duration.seconds(60),
      },
    }));
    const { metadata } = only(manifests, 'Deployment');
    const { spec, metadata: { annotations } } = template(manifests);
    expect([metadata.name, metadata.labels.team]).toEqual(['backstage', 'platform']);
    expect(Object.keys(annotations)).toEqual(expect.arrayContaining(['prometheus.io/scrape', 'cdk8s-nix/backstage-config-checksum', 'cdk8s-nix/config-checksum']));
    expect(spec).toMatchObject({ imagePullSecrets: [{ name: 'registry' }], terminationGracePeriodSeconds: 60 });
    expect(spec.volumes).toContainEqual({ name: 'extra', emptyDir: {} });
  });

  test('has sidecars and init containers, which get no Nix and no keys', () => {
    const manifests = synth(chart => ({
      deployment: {
        containers: [{ name: 'proxy', image: 'registry.example.org/proxy:1.9.0' }],
        initContainers: [{ name: 'migrate', image: 'registry.example.org/migrate:1.0.0' }],
      },
      assistants: [AiAssistant.claude({ apiKey: kplus.EnvValue.fromSecretValue({ secret: secretOf(chart), key: 'anthropic' }) })],
    }));
    expect(manifests).toBeRestricted();
    const { spec } = template(manifests);
    // First the portal: it is where `kubectl exec` leads.
    expect(spec.containers.map((c: any) => c.name)).toEqual(['backstage', 'proxy']);
    expect(spec.initContainers.map((c: any) => c.name).at(-1)).toBe('migrate');
    for (const container of [spec.containers[1], spec.initContainers.at(-1)]) {
      expect(mountAt(container, '/nix')).toBeUndefined();
      expect((container.env ?? []).map((entry: any) => entry.name)).not.toContain('ANTHROPIC_API_KEY');
      expect(mountAt(container, '/tmp')).toBeDefined();
    }
  });

  test('runs as another user, with another home, through a proxy, with certificates of its own', () => {
    const { spec } = template(synth(chart => ({
      user: NixUser.of({ uid: 1000, name: 'node' }),
      home: NixHome.ephemeral({ sizeLimit: Size.gibibytes(1) }),
      proxy: { httpsProxy: 'http://proxy.example.org:3128' },
      caBundle: CaBundle.fromConfigMap(kplus.ConfigMap.fromConfigMapName(chart, 'Ca', 'company-ca')),
      path: ['/opt/portal/bin', '/usr/bin', '/bin'],
    })));
    const [container] = spec.containers;
    expect(spec.securityContext).toMatchObject({ runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 });
    expect(mountAt(container, '/home/node').name).toBe('nix-home');
    expect(variable(container, 'HTTPS_PROXY')).toBe('http://proxy.example.org:3128');
    expect(variable(container, 'NODE_EXTRA_CA_CERTS')).toBe('/etc/cdk8s-nix-ca/ca-bundle.crt');
    expect(variable(container, 'PATH')).toMatch(/:\/opt\/portal\/bin:\/usr\/bin:\/bin$/);
  });

  test('is scheduled as cdk8s-plus does it', () => {
    const manifests = synth(() => ({}), it => it.deployment.scheduling.tolerate(kplus.Node.tainted(kplus.NodeTaintQuery.is('dedicated', 'portals'))));
    expect(template(manifests).spec.tolerations).toEqual([expect.objectContaining({ key: 'dedicated', value: 'portals' })]);
  });

  test('scales where the store allows it', () => {
    const scaled = (store: NixStore) => (chart: Chart) => {
      const resources = {
        cpu: { request: kplus.Cpu.millis(500), limit: kplus.Cpu.units(2) },
        memory: { request: Size.gibibytes(1), limit: Size.gibibytes(4) },
      };
      const { deployment } = portal(chart, { store, resources });
      new kplus.HorizontalPodAutoscaler(chart, 'scaler', { target: deployment, maxReplicas: 4 });
    };
    const chart = testChart('portal');
    scaled(NixStore.ephemeral())(chart);
    const manifests = Testing.synth(chart);
    expect(only(manifests, 'Deployment').spec.replicas).toBeUndefined();
    expect(only(manifests, 'HorizontalPodAutoscaler').spec.scaleTargetRef.name).toBe(only(manifests, 'Deployment').metadata.name);
    expect(synthError(scaled(NixStore.persistent()))).toContain('CDK8SNIX0206 store: got "ReadWriteOnce". An autoscaler adds replicas');
  });
});

describe('names and bindings that exist already', () => {
  test('a selector of its own is that of Deployment and Service', () => {
    const manifests = synth(() => ({ selector: { 'app.kubernetes.io/name': 'backstage' }, deployment: { podMetadata: { labels: { tier: 'web' } } } }));
    expect(only(manifests, 'Deployment').spec.selector).toEqual({ matchLabels: { 'app.kubernetes.io/name': 'backstage' } });
    expect(template(manifests).metadata.labels).toMatchObject({ 'app.kubernetes.io/name': 'backstage', 'tier': 'web' });
    expect(only(manifests, 'Service').spec.selector).toEqual({ 'app.kubernetes.io/name': 'backstage' });
  });

  test('the Service is as cdk8s-plus has it', () => {
    const manifests = synth(() => ({
      service: { metadata: { name: 'backstage' }, type: kplus.ServiceType.NODE_PORT, ports: [{ name: 'metrics', port: 9464 }, { name: 'web', port: 7007 }] },
      container: { ports: [{ number: 9464 }] },
      ingress: {},
    }));
    const { metadata, spec } = only(manifests, 'Service');
    expect([metadata.name, spec.type, spec.ports.map((p: any) => p.name)]).toEqual(['backstage', 'NodePort', ['metrics', 'web']]);
    expect(only(manifests, 'Ingress').spec.rules[0].http.paths[0].backend.service).toEqual({ name: 'backstage', port: { number: 7007 } });
  });

  test('each object has the name that it is given, and is found by it', () => {
    const manifests = synth(() => ({
      metadata: {
        configMap: { name: 'backstage-config' },
        serviceAccount: { name: 'backstage-sa' },
        clusterRole: { name: 'backstage-read' },
        clusterRoleBinding: { name: 'backstage-read-binding', labels: { team: 'platform' } },
      },
      ingress: { metadata: { name: 'backstage', labels: { team: 'platform' } }, annotations: { 'example.org/a': 'b' } },
    }));
    expect(template(manifests).spec.serviceAccountName).toBe('backstage-sa');
    expect(template(manifests).spec.volumes).toContainEqual({ name: 'backstage-config', configMap: { name: 'backstage-config' } });
    expect(only(manifests, 'ClusterRoleBinding')).toMatchObject({
      metadata: { name: 'backstage-read-binding', labels: { team: 'platform' } },
      roleRef: { name: 'backstage-read' },
      subjects: [{ name: 'backstage-sa', namespace: 'portal' }],
    });
    expect(only(manifests, 'Ingress').metadata).toMatchObject({ name: 'backstage', labels: { team: 'platform' }, annotations: { 'example.org/a': 'b' } });
  });

  test('an account that exists is used, bound in the namespace of the pod, and not made', () => {
    const manifests = synth(chart => ({ deployment: { serviceAccount: kplus.ServiceAccount.fromServiceAccountName(chart, 'Account', 'backstage-sa') } }));
    expect(manifests.map((m: any) => m.kind)).not.toContain('ServiceAccount');
    expect(template(manifests).spec).toMatchObject({ serviceAccountName: 'backstage-sa', automountServiceAccountToken: true });
    expect(only(manifests, 'ClusterRoleBinding').subjects).toEqual([{ apiGroup: '', kind: 'ServiceAccount', name: 'backstage-sa', namespace: 'portal' }]);
  });

  test('an account whose rights come from elsewhere keeps its token without a role of ours', () => {
    const manifests = synth(chart => ({
      clusterAccess: false,
      deployment: { serviceAccount: kplus.ServiceAccount.fromServiceAccountName(chart, 'Account', 'backstage-sa'), automountServiceAccountToken: true },
    }));
    expect(manifests.map((m: any) => m.kind)).not.toEqual(expect.arrayContaining(['ClusterRole']));
    expect(template(manifests).spec).toMatchObject({ serviceAccountName: 'backstage-sa', automountServiceAccountToken: true });
  });
});

test.each<[string, (chart: Chart) => Partial<BackstageNixProps>, string, string]>([
  ['replicas twice', () => ({ replicas: 1, deployment: { replicas: 1 } }), 'CDK8SNIX0906 deployment.replicas: got 1', 'Keep one of the two'],
  ['resources twice', () => ({ resources: {}, container: { resources: {} } }), 'CDK8SNIX0906 container.resources', 'Keep one of the two'],
  ['a variable twice', chart => ({ secrets: { TOKEN: { secret: secretOf(chart), key: 'token' } }, container: { envVariables: { TOKEN: kplus.EnvValue.fromValue('x') } } }),
    'CDK8SNIX0906 container.envVariables.TOKEN: got "(not shown)"', 'Keep one of the two'],
  ['the name of an account that is not ours', chart => ({
    metadata: { serviceAccount: { name: 'x' } }, deployment: { serviceAccount: kplus.ServiceAccount.fromServiceAccountName(chart, 'Account', 'y') },
  }), 'CDK8SNIX0906 metadata.serviceAccount', 'Keep one of the two'],
  ['an account of another namespace', chart => ({
    deployment: { serviceAccount: new kplus.ServiceAccount(chart, 'Account', { metadata: { namespace: 'other' } }) },
  }), 'CDK8SNIX0915 deployment.serviceAccount: got "test/Account". It is in "other", and the pods are in the namespace of the release', 'metadata.serviceAccount'],
  ['the password of the database twice', chart => ({ secrets: { POSTGRES_PASSWORD: { secret: secretOf(chart), key: 'other' } } }),
    'CDK8SNIX0906 secrets.POSTGRES_PASSWORD: got "(not shown)". `database` says it too', 'Keep one of the two'],
  ['the host of the database twice', chart => ({
    database: BackstageDatabase.fromSecret({ secret: secretOf(chart) }), container: { envVariables: { POSTGRES_HOST: kplus.EnvValue.fromValue('x') } },
  }), 'CDK8SNIX0906 container.envVariables.POSTGRES_HOST: got "(not shown)". `database` says it too', 'Keep one of the two'],
  ['two numbers of its port', () => ({ container: { port: 9000, portNumber: 8000 } }), 'CDK8SNIX0906 container.port: got 9000', 'Keep one of the two'],
  ['a port that is called like its own', () => ({ container: { ports: [{ name: 'http', number: 9000 }] } }), 'CDK8SNIX0914 container.ports', 'container.portNumber: 9000'],
  ['a selector that nobody sets', () => ({ deployment: { select: false } }), 'CDK8SNIX0908 deployment.select: got false', 'Use the prop selector'],
  ['two volumes at the folder of the configuration', chart => ({
    container: { volumeMounts: [{ path: '/etc/backstage', volume: kplus.Volume.fromEmptyDir(chart, 'Own', 'own') }] },
  }), 'CDK8SNIX0519 containers[backstage].volumeMounts: got "/etc/backstage"', 'elsewhere'],
  ['two selectors', () => ({ selector: { app: 'x' }, deployment: { select: true } }), 'CDK8SNIX0906 deployment.select: got true', 'Keep one of the two'],
  ['a relative path of a probe', () => ({ probes: { readinessPath: 'healthcheck' } }), 'CDK8SNIX0907 probes.readinessPath: got "healthcheck"', '"/healthcheck"'],
  ['parts of a second', () => ({ probes: { period: Duration.millis(1500) } }), 'CDK8SNIX0907 probes.period: got "1 second 500 millis"', 'Duration.seconds(10)'],
  ['no label to find pods by', () => ({ selector: {} }), 'CDK8SNIX0908 selector: got {}', 'leave it out'],
  ['a label that is none', () => ({ selector: { app: 'my portal' } }), 'CDK8SNIX0908 selector: got "app=my portal"', 'backstage'],
  ['a label that the pods have with another value', () => ({ selector: { app: 'x' }, deployment: { podMetadata: { labels: { app: 'y' } } } }),
    'CDK8SNIX0908 selector: got "app=x". The pods have app=y', 'one value'],
])('refused: %s', (_, build, what, remedy) => {
  const message = synthError(chart => portal(chart, build(chart)));
  expect(message).toContain(what);
  expect(message).toContain(remedy);
});
