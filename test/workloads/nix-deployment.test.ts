import { ApiObject, JsonPatch, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixHome, NixImage, NixStore, NixUser } from '../../src';
import { filesOf, mountAt, only, podSpec, readable, testChart, variable } from '../support/synth';

describe('with nothing given', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', {});
  const manifests = Testing.synth(chart);
  const deployment = only(manifests, 'Deployment');
  const pod = deployment.spec.template.spec;

  test('is valid, restricted, and as it was', () => {
    expect(chart).toBeValidKubernetes();
    // The scripts have suites of their own; here only that they are there.
    const scripts = manifests.find((m: any) => m.metadata.name.includes('nix-scripts'));
    expect(Object.keys(filesOf(scripts))).toEqual(expect.arrayContaining(['check-nix-store.sh', 'seed-nix-store.sh']));
    const sourced = Object.values(filesOf(scripts)).flatMap(script => [...script.matchAll(/(?:\$here|\$\{0%\/\*\})\/([a-z-]+\.sh)/g)].map(match => match[1]));
    expect(sourced).toContain('store-lock.sh');
    expect(sourced.filter(file => !(file in scripts.binaryData))).toEqual([]);
    const visible = manifests.map((m: any) => m === scripts ? { ...m, binaryData: '(the scripts)', metadata: { name: '(with their hash)' } } : readable(m));
    const text = JSON.stringify(visible).split(scripts.metadata.name).join('(the scripts)');
    expect(JSON.parse(text)).toMatchSnapshot();
  });

  test('has a container that stays up, of the seed image', () => {
    expect(pod.containers).toHaveLength(1);
    expect(pod.containers[0].name).toBe('workspace');
    expect(pod.containers[0].image).toBe(NixImage.upstream().reference);
    expect(pod.containers[0].command[2]).toContain('sleep');
  });

  test('runs once at a time, since two pods cannot have one ReadWriteOnce volume', () => {
    expect(deployment.spec.replicas).toBe(1);
    expect(deployment.spec.strategy).toEqual({ type: 'Recreate' });
  });

  test('claims 20 GiB for one node', () => {
    const claim = only(manifests, 'PersistentVolumeClaim');
    expect(claim.spec.resources.requests.storage).toBe('20Gi');
    expect(claim.spec.accessModes).toEqual(['ReadWriteOnce']);
    expect(pod.volumes).toContainEqual({ name: 'nix-store', persistentVolumeClaim: { claimName: claim.metadata.name } });
  });

  test('seeds the root of the volume and mounts its folder', () => {
    const [seed, ...others] = pod.initContainers;
    expect([seed.name, others]).toEqual(['seed-nix-store', []]);
    expect(mountAt(seed, '/mnt/nix-volume')).toEqual({ name: 'nix-store', mountPath: '/mnt/nix-volume' });
    expect(mountAt(seed, '/nix')).toBeUndefined();
    expect(mountAt(pod.containers[0], '/nix')).toEqual({ name: 'nix-store', mountPath: '/nix', subPath: 'nix' });
    // By way of a subPath, too, to look at what has become of it. Not of the folder, which is the seed's to make; and not at /nix, where an
    // empty volume would hide the shell that is to say so.
    expect(mountAt(seed, '/mnt/nix-store')).toEqual({ name: 'nix-store', mountPath: '/mnt/nix-store', subPath: '.' });
    expect(variable(seed, 'NIX_FOLDER')).toBe('/mnt/nix-store/nix');
  });

  test('keeps the home, where the links of the profiles are, beside the store', () => {
    expect(mountAt(pod.containers[0], '/home/code')).toEqual({ name: 'nix-store', mountPath: '/home/code', subPath: 'home' });
    // By the mount that the seed has anyway.
    expect(variable(pod.initContainers[0], 'NIX_HOME_FOLDER')).toBe('/mnt/nix-volume/home');
    expect(pod.initContainers[0].volumeMounts.filter(({ name }: any) => name === 'nix-store').map(({ mountPath }: any) => mountPath))
      .toEqual(['/mnt/nix-volume', '/mnt/nix-store']);
  });

  test('asks for little', () => {
    expect(pod.containers[0].resources).toEqual({ requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '2048Mi' } });
    expect(pod.initContainers[0].resources).toEqual({ requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '512Mi' } });
  });

  test('has no token of a service account', () => {
    expect(pod.automountServiceAccountToken).toBe(false);
  });

  test('finds Nix by PATH and knows its user', () => {
    const container = pod.containers[0];
    expect(variable(container, 'PATH')).toMatch(/^\/home\/code\/\.nix-profile\/bin:\/nix\/var\/nix\/profiles\/default\/bin:.*:\/usr\/bin:.*\/bin$/);
    expect(variable(container, 'HOME')).toBe('/home/code');
    expect(variable(container, 'USER')).toBe('code');
  });
});

describe('the props of kplus.Deployment', () => {
  test('containers, init containers, volumes, labels and replicas stay as they were given', () => {
    const chart = testChart();
    new NixDeployment(chart, 'portal', {
      metadata: { labels: { team: 'platform' } },
      podMetadata: { annotations: { 'example.org/a': 'b' } },
      containers: [{ name: 'app', image: 'example/app:1', portNumber: 8080, envVariables: { USER: kplus.EnvValue.fromValue('me') } }],
      initContainers: [{ name: 'migrate', image: 'example/app:1' }],
      volumes: [kplus.Volume.fromEmptyDir(chart, 'Extra', 'extra')],
      replicas: 3,
      store: NixStore.emptyDir(),
      terminationGracePeriod: undefined,
    });

    const deployment = only(Testing.synth(chart), 'Deployment');
    expect(deployment.metadata.labels).toEqual({ team: 'platform' });
    expect(deployment.spec.template.metadata.annotations['example.org/a']).toBe('b');
    expect(deployment.spec.replicas).toBe(3);
    expect(deployment.spec.strategy.type).toBe('RollingUpdate');
    const pod = deployment.spec.template.spec;
    expect(pod.initContainers.map((c: any) => c.name)).toEqual(['seed-nix-store', 'migrate']);
    expect(pod.containers.map((c: any) => c.name)).toEqual(['app']);
    expect(pod.containers[0].startupProbe.tcpSocket.port).toBe(8080);
    expect(pod.volumes.map((v: any) => v.name)).toContain('extra');
    expect(variable(pod.containers[0], 'USER')).toBe('me');
    expect(chart).toBeValidKubernetes();
  });

  test('a container added after construction takes the place of the workspace, and gets Nix', () => {
    const chart = testChart();
    const deployment = new NixDeployment(chart, 'portal');
    deployment.addContainer({ image: 'example/app:1' });
    deployment.addContainer({ name: 'second', image: 'example/app:1', resources: { cpu: { request: kplus.Cpu.units(1) } } });

    const pod = podSpec(chart);
    expect(pod.containers.map((c: any) => c.name)).toEqual(['main', 'second']);
    for (const container of pod.containers) {
      expect(mountAt(container, '/nix').subPath).toBe('nix');
      expect(container.securityContext.capabilities).toEqual({ drop: ['ALL'] });
    }
    expect(pod.containers[0].imagePullPolicy).toBe('IfNotPresent');
    expect(pod.containers[1].resources).toEqual({ requests: { cpu: '1' } });
  });

  test('a container may set a volume over /tmp, and refer to a variable of ours', () => {
    const chart = testChart();
    const scratch = kplus.Volume.fromEmptyDir(chart, 'Scratch', 'scratch');
    new NixDeployment(chart, 'portal', {
      containers: [{
        image: 'example/app:1',
        volumeMounts: [{ path: '/tmp', volume: scratch }],
        envVariables: { CACHE: kplus.EnvValue.fromValue('$(HOME)/.cache') },
      }],
    });
    const [container] = podSpec(chart).containers;
    expect(container.volumeMounts.filter((m: any) => m.mountPath === '/tmp')).toEqual([{ name: 'scratch', mountPath: '/tmp' }]);
    // Kubernetes expands only what stands further up in the list.
    const names = container.env.map((e: any) => e.name);
    expect(names.indexOf('HOME')).toBeLessThan(names.indexOf('CACHE'));
  });

  test('patches have the last word', () => {
    const chart = testChart();
    const deployment = new NixDeployment(chart, 'workspace');
    ApiObject.of(deployment).addJsonPatch(JsonPatch.replace('/spec/template/spec/initContainers/0/imagePullPolicy', 'Always'));
    expect(podSpec(chart).initContainers[0].imagePullPolicy).toBe('Always');
  });

  test('a Service and an Ingress can be put in front', () => {
    const chart = testChart();
    const deployment = new NixDeployment(chart, 'portal', { containers: [{ image: 'example/app:1', portNumber: 7007 }] });
    deployment.exposeViaIngress('/');
    const manifests = Testing.synth(chart);
    expect(only(manifests, 'Service').spec.ports).toEqual([{ port: 7007, targetPort: 7007 }]);
    expect(chart).toBeValidKubernetes();
  });
});

test('another user, an ephemeral home, a store in memory', () => {
  const chart = testChart();
  new NixDeployment(chart, 'workspace', {
    user: NixUser.of({ uid: 2000, name: 'dev' }),
    home: NixHome.ephemeral({ sizeLimit: Size.gibibytes(1) }),
    store: NixStore.emptyDir({ medium: kplus.EmptyDirMedium.MEMORY, sizeLimit: Size.gibibytes(4) }),
  });
  const pod = podSpec(chart);
  expect(pod.securityContext).toMatchObject({ runAsUser: 2000, runAsGroup: 2000, fsGroup: 2000 });
  expect(pod.volumes).toContainEqual({ name: 'nix-home', emptyDir: { sizeLimit: '1024Mi' } });
  expect(pod.volumes).toContainEqual({ name: 'nix-store', emptyDir: { medium: 'Memory', sizeLimit: '4096Mi' } });
  expect(mountAt(pod.containers[0], '/home/dev')).toEqual({ name: 'nix-home', mountPath: '/home/dev', subPath: 'home' });
  expect(variable(pod.initContainers[0], 'NIX_HOME_FOLDER')).toBe('/mnt/nix-home/home');
  expect(mountAt(pod.initContainers[0], '/mnt/nix-home')).toEqual({ name: 'nix-home', mountPath: '/mnt/nix-home' });
  expect(variable(pod.containers[0], 'USER')).toBe('dev');
  expect(chart).toBeValidKubernetes();
});

test('the scripts are in the chart once, however many workloads there are', () => {
  const chart = testChart();
  for (let i = 0; i < 3; i++) {
    new NixDeployment(chart, `workspace-${i}`);
  }
  const scripts = Testing.synth(chart).filter((m: any) => m.metadata.name.includes('nix-scripts'));
  expect(scripts).toHaveLength(1);
  expect(scripts[0].immutable).toBe(true);
});

test('two runs give the same bytes', () => {
  const synth = (): string => {
    const chart = testChart('development');
    new NixDeployment(chart, 'workspace', { config: { settings: { 'log-lines': 50, 'keep-going': true } } });
    return JSON.stringify(Testing.synth(chart));
  };
  expect(synth()).toBe(synth());
});

test('only the containers that are named get Nix', () => {
  const chart = testChart();
  new NixDeployment(chart, 'shop', {
    nixContainers: ['main'],
    containers: [{ name: 'main', image: 'example/app:1' }, { name: 'proxy', image: 'example/proxy:1' }],
  });
  const [main, proxy] = podSpec(chart).containers;
  expect([mountAt(main, '/nix')?.name, mountAt(proxy, '/nix')?.name]).toEqual(['nix-store', undefined]);
});
