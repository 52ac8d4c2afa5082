import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  HomeManager, HomeManagerProfile, NixArchitecture, NixDeployment, NixDeploymentProps, NixEnableOptions, NixEnvironment, NixEnvironmentProps,
  NixHome, NixImage, NixStore, NixUser, PodSecurity, PodSecurityLevel,
} from '../../src';
import { only, podSpec, testChart, variable } from '../support/synth';

/** A Deployment that nobody's library made, with Nix. */
function enabled(template: any, props: NixEnvironmentProps = {}, options: NixEnableOptions = {}): { chart: Chart; template: any } {
  const chart = testChart();
  const labels = { app: 'theirs' };
  const workload = new ApiObject(chart, 'app', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      strategy: { type: 'Recreate' },
      template: { ...template, metadata: { ...template.metadata, labels: { ...labels, ...template.metadata?.labels } } },
    },
  });
  new NixEnvironment(chart, 'nix', props).enable(workload, options);
  return { chart, template: only(Testing.synth(chart), 'Deployment').spec.template };
}

const byName = (containers: any[], name: string): any => containers.find(container => container.name === name);

describe('folders that the runtime would make as root', () => {
  const folders = (container: any, props?: NixEnvironmentProps, options?: NixEnableOptions): (string | undefined)[] => {
    const { template } = enabled({ spec: { containers: [{ name: 'app', image: 'example/app:1', ...container }], volumes: [{ name: 'gh', emptyDir: {} }] } }, props, options);
    const seed = byName(template.spec.initContainers, 'seed-nix-store');
    return ['NIX_HOME_FOLDERS', 'NIX_TMP_FOLDERS'].map(name => variable(seed, name));
  };

  test('are none in most pods, and nothing is told', () => {
    expect(folders({})).toEqual([undefined, undefined]);
  });

  test('are told to the container that makes the home, wherever the home is', () => {
    const container = { workingDir: '/home/code/workspaces/x', volumeMounts: [{ name: 'gh', mountPath: '/home/code/.config/gh/hosts.yml', subPath: 'hosts.yml' }] };
    expect(folders(container)).toEqual(['.config/gh\nworkspaces/x', undefined]);
    expect(folders(container, { store: NixStore.emptyDir() })).toEqual(['.config/gh\nworkspaces/x', undefined]);
    expect(folders(container, { user: NixUser.of({ home: '/srv/me' }) })).toEqual([undefined, undefined]);
  });

  test('in /tmp too, for containers without Nix as well', () => {
    expect(folders({ workingDir: '/tmp/work' }, {}, { containers: ['app'] })).toEqual([undefined, 'work']);
  });

  test('have their own names, though the kubelet would take them for variables', () => {
    expect(folders({ workingDir: '/home/code/$(USER)' })).toEqual(['$$(USER)', undefined]);
  });
});

test('folders of mounts and working directories that a patch has added are made, too, each once', () => {
  const chart = testChart();
  const app = new NixDeployment(chart, 'app', { home: NixHome.ephemeral({ folders: ['app'] }), containers: [{ image: 'example/app:1', workingDir: '/home/code/one' }] });
  ApiObject.of(app).addJsonPatch(
    JsonPatch.add('/spec/template/spec/containers/0/volumeMounts/-', { name: 'nix-tmp', mountPath: '/home/code/.config/gh/hosts.yml', subPath: 'hosts.yml' }),
    JsonPatch.add('/spec/template/spec/containers/0/workingDir', '/home/code/two'),
  );
  expect(variable(byName(podSpec(chart).initContainers, 'seed-nix-store'), 'NIX_HOME_FOLDERS')?.split('\n')).toEqual(['app', 'one', '.config/gh', 'two']);
});

test('an item that is none, among the terms of an affinity, is no reason to fail without words', () => {
  const nodeSelectorTerms = [null, { matchExpressions: [null, { key: 'disk', operator: 'Exists' }] }];
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
  expect(() => enabled({ spec: { affinity, containers: [{ name: 'app', image: 'example/app:1' }] } }))
    .toThrow('CDK8SNIX0520 .spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms');
});

test('a store of one architecture is mounted on nodes of that architecture', () => {
  const selector = (spec: any, store?: NixStore) => enabled({ spec: { ...spec, containers: [{ name: 'app', image: 'example/app:1' }] } }, { store }).template.spec.nodeSelector;
  expect(selector({})).toBeUndefined();
  expect(selector({ nodeSelector: { disk: 'ssd' } }, NixStore.persistent({ architecture: NixArchitecture.ARM64 }))).toEqual({ 'disk': 'ssd', 'kubernetes.io/arch': 'arm64' });
  expect(selector({}, NixStore.existing('nix-pvc', { architecture: NixArchitecture.AMD64 }))).toEqual({ 'kubernetes.io/arch': 'amd64' });
});

test.each<[string, any[]]>([
  ['of its own architecture among others', [{ matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['amd64', 'arm64'] }] }]],
  ['of which some are of its own', [
    { matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'NotIn', values: ['arm64'] }] }, { matchExpressions: [{ key: 'disk', operator: 'Exists' }] },
  ]],
])('a pod may ask for nodes %s', (_, nodeSelectorTerms) => {
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
  const spec = { affinity, containers: [{ name: 'app', image: 'example/app:1' }] };
  expect(enabled({ spec }, { store: NixStore.persistent({ architecture: NixArchitecture.ARM64 }) }).template.spec.affinity).toEqual(affinity);
});

test('the autoscaler of the cluster may drain what nobody misses', () => {
  const annotations = (own?: any) => enabled({ metadata: { annotations: own }, spec: { containers: [{ name: 'app', image: 'example/app:1' }] } }).template.metadata.annotations;
  const name = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';
  expect(annotations()[name]).toBe('nix-tmp');
  expect(annotations({ [name]: 'cache, scratch' })[name]).toBe('cache,scratch,nix-tmp');
});

test('a mount of the container at /tmp takes the place of ours, however it is written', () => {
  const { template } = enabled({ spec: { containers: [{ name: 'app', image: 'example/app:1', volumeMounts: [{ name: 'scratch', mountPath: '/tmp/' }] }], volumes: [{ name: 'scratch', emptyDir: {} }] } });
  expect(template.spec.containers[0].volumeMounts.filter((mount: any) => mount.mountPath.startsWith('/tmp'))).toEqual([{ name: 'scratch', mountPath: '/tmp/' }]);
});

describe('Pod Security', () => {
  const side = { name: 'side', image: 'example/side:1' };
  const sidecar = (securityContext: any, options: NixEnableOptions): { chart: Chart; template: any } =>
    enabled({ spec: { containers: [{ name: 'app', image: 'example/app:1' }, { ...side, securityContext }] } }, {}, { containers: ['app'], ...options });

  test('baseline: a root sidecar is root, and the others are as tight as before', () => {
    const { chart, template } = sidecar({ runAsUser: 0 }, { podSecurity: PodSecurityLevel.BASELINE });
    const [app, root] = template.spec.containers;
    expect(root.securityContext).toEqual({
      readOnlyRootFilesystem: true, privileged: false, runAsUser: 0, runAsNonRoot: false, allowPrivilegeEscalation: false, seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(app.securityContext).toMatchObject({ runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
    expect(PodSecurity.check(chart, { level: PodSecurityLevel.BASELINE })).toEqual([]);
    expect(PodSecurity.check(chart).map(violation => violation.container)).toEqual(expect.arrayContaining(['side']));
    expect(PodSecurity.check(chart).map(violation => violation.container)).not.toContain('app');
  });

  test('privileged: docker beside Nix', () => {
    const { chart, template } = sidecar({ privileged: true, runAsUser: 0 }, { podSecurity: PodSecurityLevel.PRIVILEGED });
    expect(byName(template.spec.containers, 'side').securityContext).toMatchObject({ privileged: true, allowPrivilegeEscalation: true, runAsUser: 0, runAsNonRoot: false });
    expect(PodSecurity.check(chart, { level: PodSecurityLevel.BASELINE }).map(violation => violation.container)).toEqual(['side']);
    expect(PodSecurity.check(chart, { level: PodSecurityLevel.PRIVILEGED })).toEqual([]);
  });

  test.each<[string, { type: string; localhostProfile?: string }, PodSecurityLevel]>([
    ['a profile of the node', { type: 'Localhost', localhostProfile: 'app.json' }, PodSecurityLevel.RESTRICTED],
    ['none, asked for by name', { type: 'Unconfined' }, PodSecurityLevel.PRIVILEGED],
  ])('the seccomp profile of a pod is that of its containers, with Nix or not, and not of ours: %s', (_, seccompProfile, level) => {
    const { template } = enabled({
      spec: { securityContext: { seccompProfile }, containers: [{ name: 'app', image: 'example/app:1' }, side] },
    }, {}, { containers: ['app'], podSecurity: level });
    const profiles = (containers: any[]) => containers.map(({ securityContext }) => securityContext.seccompProfile);
    expect(template.spec.securityContext.seccompProfile).toEqual(seccompProfile);
    expect(profiles(template.spec.containers)).toEqual([seccompProfile, seccompProfile]);
    expect(profiles(template.spec.initContainers)).toEqual([{ type: 'RuntimeDefault' }]);
  });

  test('of a pod without a profile only those have none that are left alone', () => {
    const { template } = enabled({
      spec: { securityContext: { seccompProfile: { type: 'Unconfined' } }, containers: [{ name: 'app', image: 'example/app:1' }, side] },
    }, {}, { containers: ['app'], leaveOthersAlone: true });
    expect(template.spec.containers.map(({ securityContext }: any) => securityContext?.seccompProfile)).toEqual([{ type: 'RuntimeDefault' }, undefined]);
  });

  test('containers that are left alone are what they were; the ids are those of ours', () => {
    const { template } = sidecar(undefined, { leaveOthersAlone: true });
    const [app, other] = template.spec.containers;
    expect(other).toEqual(side);
    expect(template.spec.securityContext).toEqual({ fsGroup: 1001, fsGroupChangePolicy: 'OnRootMismatch' });
    for (const container of [app, ...template.spec.initContainers]) {
      expect(container.securityContext).toMatchObject({ runAsUser: 1001, runAsGroup: 1001, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    }
    expect(() => sidecar({ privileged: true }, { leaveOthersAlone: true })).not.toThrow();
  });

  test('root by name starts: no container is to be root and must not', () => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', { user: NixUser.root() });
    const { securityContext, initContainers, containers } = podSpec(chart);
    expect(securityContext).toMatchObject({ runAsUser: 0, runAsNonRoot: false });
    for (const container of [...initContainers, ...containers]) {
      expect(container.securityContext).toMatchObject({ runAsNonRoot: false, allowPrivilegeEscalation: false });
    }
    expect(PodSecurity.check(chart, { level: PodSecurityLevel.BASELINE })).toEqual([]);
  });

  test('workloads of ours take the same', () => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', {
      containers: [{ name: 'app', image: 'example/app:1' }, { name: 'side', image: 'example/side:1', securityContext: { user: 0 } }],
      nixContainers: ['app'],
      podSecurity: PodSecurityLevel.BASELINE,
    });
    expect(PodSecurity.check(chart, { level: PodSecurityLevel.BASELINE })).toEqual([]);
    expect(byName(podSpec(chart).containers, 'side').securityContext.runAsNonRoot).toBe(false);
  });
});

test('an init container can be put before ours; it has no Nix, which is not there yet', () => {
  const initContainers = ['migrate', 'proxy'].map(name => ({ name, image: 'example/app:1' }));
  const { template } = enabled({ spec: { initContainers, containers: [{ name: 'app', image: 'example/app:1' }] } }, {}, { initContainersFirst: ['proxy'] });
  expect(template.spec.initContainers.map((container: any) => container.name)).toEqual(['proxy', 'seed-nix-store', 'migrate']);
  expect(template.spec.initContainers[0].volumeMounts).toEqual([{ name: 'nix-tmp', mountPath: '/tmp' }]);
  expect(variable(template.spec.initContainers[2], 'HOME')).toBe('/home/code');
});

describe('the variables of home-manager\'s session', () => {
  const command = (props: NixDeploymentProps, container: Partial<kplus.ContainerProps>): string[] | undefined => {
    const chart = testChart();
    new NixDeployment(chart, 'workspace', { image: NixImage.of('example/nix:1'), ...props, containers: [{ image: 'example/app:1', ...container }] });
    return podSpec(chart).containers[0].command;
  };
  const homeManager = HomeManager.profile(HomeManagerProfile.MINIMAL);

  test('are set for a command that the manifest names', () => {
    expect(command({ homeManager }, { command: ['node', 'app.js'] })).toEqual(['sh', '/etc/cdk8s-nix/session.sh', 'node', 'app.js']);
  });

  test('not for one that only the image knows, nor without home-manager, nor if they are not wanted', () => {
    expect(command({ homeManager }, {})).toBeUndefined();
    expect(command({}, { command: ['node'] })).toEqual(['node']);
    expect(command({ homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL, { sessionVariables: false }) }, { command: ['node'] })).toEqual(['node']);
  });
});
