import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, PodSecurity, PodSecurityLevel } from '../../src';

/** A pod that conforms to `restricted`, with one container of each sort. */
function conforming(): any {
  const container = (name: string) => ({
    name,
    image: 'example.org/app:1',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  });
  return {
    metadata: {},
    spec: {
      securityContext: { runAsNonRoot: true, runAsUser: 1001, seccompProfile: { type: 'RuntimeDefault' } },
      initContainers: [container('init')],
      containers: [container('main')],
      ephemeralContainers: [container('debug')],
      volumes: [{ name: 'tmp', emptyDir: {} }],
    },
  };
}

/** Sets the field under test in a pod. */
type Change = (pod: any) => void;

const at = (path: string, value: unknown): Change => pod => {
  const steps = path.split('.');
  const last = steps.pop()!;
  const parent = steps.reduce((object, step, i) => object[step] ??= /^\d+$/.test(steps[i + 1] ?? last) ? [] : {}, pod);
  if (value === undefined) {
    delete parent[last];
  } else {
    parent[last] = value;
  }
};

const both = (...changes: Change[]): Change => pod => changes.forEach(change => change(pod));

const POD = 'spec.securityContext';
const MAIN = 'spec.containers.0';
const INIT = 'spec.initContainers.0';
const DEBUG = 'spec.ephemeralContainers.0';

/** Rule, a field, a value that violates it, values that conform. */
const BASELINE: [string, string, unknown, unknown[]][] = [
  ['hostProcess', `${POD}.windowsOptions.hostProcess`, true, [false, undefined]],
  ['hostProcess', `${DEBUG}.securityContext.windowsOptions.hostProcess`, true, [false]],
  ['hostNamespaces', 'spec.hostNetwork', true, [false, undefined]],
  ['hostNamespaces', 'spec.hostPID', true, [false, undefined]],
  ['hostNamespaces', 'spec.hostIPC', true, [false, undefined]],
  ['privileged', `${MAIN}.securityContext.privileged`, true, [false, undefined]],
  ['privileged', `${INIT}.securityContext.privileged`, true, [false]],
  ['privileged', `${DEBUG}.securityContext.privileged`, true, [false]],
  ['capabilities', `${MAIN}.securityContext.capabilities.add.0`, 'SYS_ADMIN', ['NET_BIND_SERVICE']],
  ['capabilities', `${INIT}.securityContext.capabilities.add.0`, 'NET_RAW', ['NET_BIND_SERVICE']],
  ['hostPathVolumes', 'spec.volumes.0', { name: 'tmp', hostPath: { path: '/' } }, [{ name: 'tmp', emptyDir: {} }]],
  ['hostPorts', `${MAIN}.ports.0.hostPort`, 80, [0, undefined]],
  ['hostProbesAndHostLifecycle', `${MAIN}.livenessProbe.httpGet.host`, '127.0.0.1', ['', undefined]],
  ['hostProbesAndHostLifecycle', `${MAIN}.readinessProbe.tcpSocket.host`, 'node', ['']],
  ['hostProbesAndHostLifecycle', `${MAIN}.startupProbe.httpGet.host`, 'node', ['']],
  ['hostProbesAndHostLifecycle', `${MAIN}.lifecycle.preStop.httpGet.host`, 'node', ['']],
  ['hostProbesAndHostLifecycle', `${MAIN}.lifecycle.postStart.httpGet.host`, 'node', ['']],
  ['appArmorProfile', `${POD}.appArmorProfile.type`, 'Unconfined', ['RuntimeDefault', 'Localhost', undefined]],
  ['appArmorProfile', `${MAIN}.securityContext.appArmorProfile.type`, 'Unconfined', ['RuntimeDefault']],
  ['appArmorProfile', 'metadata.annotations.container§apparmor§security§beta§kubernetes§io/main', 'unconfined', ['runtime/default', 'localhost/mine', '']],
  ['seLinuxOptions', `${POD}.seLinuxOptions.type`, 'spc_t', ['container_t', 'container_engine_t', '', undefined]],
  ['seLinuxOptions', `${POD}.seLinuxOptions.user`, 'sysadm_u', ['', undefined]],
  ['seLinuxOptions', `${MAIN}.securityContext.seLinuxOptions.role`, 'sysadm_r', ['', undefined]],
  ['procMount', `${MAIN}.securityContext.procMount`, 'Unmasked', ['Default', undefined]],
  ['seccompProfile_baseline', `${POD}.seccompProfile.type`, 'Unconfined', ['RuntimeDefault', 'Localhost']],
  ['seccompProfile_baseline', `${INIT}.securityContext.seccompProfile.type`, 'Unconfined', ['RuntimeDefault', undefined]],
  ['sysctls', `${POD}.sysctls.0`, { name: 'kernel.msgmax', value: '1' }, [{ name: 'net.ipv4.tcp_syncookies', value: '1' }]],
];

const RESTRICTED: [string, string, unknown, unknown[]][] = [
  ['restrictedVolumes', 'spec.volumes.0', { name: 'v', nfs: { server: 's', path: '/' } }, ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret'].map(type => ({ name: 'v', [type]: {} }))],
  ['allowPrivilegeEscalation', `${MAIN}.securityContext.allowPrivilegeEscalation`, true, [false]],
  ['allowPrivilegeEscalation', `${INIT}.securityContext.allowPrivilegeEscalation`, undefined, [false]],
  ['allowPrivilegeEscalation', `${DEBUG}.securityContext`, undefined, [{ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }]],
  ['runAsNonRoot', `${POD}.runAsNonRoot`, false, [true]],
  ['runAsNonRoot', `${MAIN}.securityContext.runAsNonRoot`, false, [true, undefined]],
  ['runAsUser', `${POD}.runAsUser`, 0, [1001, undefined]],
  ['runAsUser', `${INIT}.securityContext.runAsUser`, 0, [1, undefined]],
  ['seccompProfile_restricted', `${POD}.seccompProfile`, undefined, [{ type: 'RuntimeDefault' }, { type: 'Localhost' }]],
  ['capabilities_restricted', `${MAIN}.securityContext.capabilities.drop`, ['NET_RAW'], [['ALL'], ['ALL', 'NET_RAW']]],
  ['capabilities_restricted', `${INIT}.securityContext.capabilities`, undefined, [{ drop: ['ALL'] }]],
  ['capabilities_restricted', `${MAIN}.securityContext.capabilities.add.0`, 'CHOWN', ['NET_BIND_SERVICE']],
];

function deploymentOf(...changes: Change[]): ApiObject {
  const pod = conforming();
  changes.forEach(change => change(pod));
  // A stand-in for the dots of an annotation's key, which are no steps of a path.
  const template = JSON.parse(JSON.stringify(pod).replace(/§/g, '.'));
  return new ApiObject(Testing.chart(), 'Web', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { template } });
}

describe.each([
  [PodSecurityLevel.BASELINE, BASELINE],
  [PodSecurityLevel.RESTRICTED, RESTRICTED],
] as const)('%s', (level, rules) => {
  test.each(rules)('%s refuses %s: %j', (rule, path, bad, good) => {
    const violations = PodSecurity.check(deploymentOf(at(path, bad)));
    expect(violations).toContainEqual(expect.objectContaining({ rule, level, kind: 'Deployment', name: 'web' }));
    for (const value of good) {
      expect(PodSecurity.check(deploymentOf(at(path, value)))).toEqual([]);
    }
  });

  test(`reports nothing of the other profile at the level ${level}`, () => {
    const [, path, bad] = RESTRICTED[1];
    expect(PodSecurity.check(deploymentOf(at(path, bad)), { level })).toHaveLength(level === PodSecurityLevel.RESTRICTED ? 1 : 0);
  });
});

describe('inheritance from the pod', () => {
  const seccomp = { type: 'RuntimeDefault' };

  test.each<[string, Change, string[]]>([
    ['containers that set all of it need no pod', both(
      at(POD, undefined),
      ...[INIT, MAIN, DEBUG].map(c => both(at(`${c}.securityContext.runAsNonRoot`, true), at(`${c}.securityContext.seccompProfile`, seccomp))),
    ), []],
    ['one container that does not is named', both(
      at(POD, undefined),
      ...[INIT, MAIN].map(c => both(at(`${c}.securityContext.runAsNonRoot`, true), at(`${c}.securityContext.seccompProfile`, seccomp))),
    ), ['debug runAsNonRoot', 'debug seccompProfile_restricted']],
    ['a container that overrides the pod', at(`${MAIN}.securityContext.seccompProfile`, { type: 'Unconfined' }), ['main seccompProfile_baseline']],
    ['a wrong pod whose containers override it', both(
      at(`${POD}.runAsNonRoot`, false),
      ...[INIT, MAIN, DEBUG].map(c => at(`${c}.securityContext.runAsNonRoot`, true)),
    ), ['undefined runAsNonRoot']],
  ])('%s', (_what, change, expected) => {
    expect(PodSecurity.check(deploymentOf(change)).map(({ container, rule }) => `${container} ${rule}`)).toEqual(expected);
  });
});

test('pods that run on Windows are exempt from what Windows does not have', () => {
  const linuxOnly = both(
    at(`${POD}.seccompProfile`, undefined),
    at(`${MAIN}.securityContext`, {}),
  );
  expect(PodSecurity.check(deploymentOf(linuxOnly))).not.toEqual([]);
  expect(PodSecurity.check(deploymentOf(linuxOnly, at('spec.os', { name: 'windows' })))).toEqual([]);
});

test('a violation tells where it is and what to do', () => {
  const object = deploymentOf(at(`${MAIN}.securityContext.privileged`, true));
  expect(PodSecurity.check(object)).toEqual([{
    level: 'baseline',
    rule: 'privileged',
    constructPath: object.node.path,
    kind: 'Deployment',
    name: 'web',
    container: 'main',
    field: '.spec.template.spec.containers[0].securityContext.privileged',
    value: 'true',
    remedy: 'Set privileged to false, and add the one capability that is needed.',
    message: 'CDK8SNIX0405 Deployment/web .spec.template.spec.containers[0].securityContext.privileged: got true. '
      + 'Pod Security baseline refuses it in container main (privileged). Set privileged to false, and add the one capability that is needed.',
  }]);
});

test.each([
  ['Pod', ''],
  ['PodTemplate', '.template'],
  ['Deployment', '.spec.template'],
  ['ReplicaSet', '.spec.template'],
  ['ReplicationController', '.spec.template'],
  ['StatefulSet', '.spec.template'],
  ['DaemonSet', '.spec.template'],
  ['Job', '.spec.template'],
  ['CronJob', '.spec.jobTemplate.spec.template'],
])('finds the pod of a %s', (kind, path) => {
  const pod = conforming();
  pod.spec.hostPID = true;
  const object = path.split('.').slice(1).reduceRight((value, step) => ({ [step]: value }), pod);
  const chart = Testing.chart();
  new ApiObject(chart, 'Object', { apiVersion: 'v1', kind, ...object });
  expect(PodSecurity.check(chart).map(violation => violation.field)).toEqual([`${path}.spec.hostPID`]);
});

describe('what is checked', () => {
  test('all pods below the scope, ours and others, and none beside it', () => {
    const app = Testing.app();
    const chart = new Chart(app, 'chart');
    new NixDeployment(chart, 'ours', {});
    new kplus.Deployment(chart, 'theirs', { containers: [{ image: 'example.org/app:1' }] });
    const other = new Chart(app, 'other');
    new kplus.Pod(other, 'pod', { containers: [{ image: 'example.org/app:1', securityContext: { privileged: true, allowPrivilegeEscalation: true } }] });

    expect(new Set(PodSecurity.check(chart).map(violation => violation.constructPath))).toEqual(new Set(['chart/theirs/Resource']));
    expect(PodSecurity.check(chart, { level: PodSecurityLevel.BASELINE })).toEqual([]);
    expect(PodSecurity.check(app, { level: PodSecurityLevel.BASELINE }).map(violation => violation.rule)).toEqual(['privileged']);
  });

  test('objects as they are synthesized, JSON patches included', () => {
    const chart = Testing.chart();
    const deployment = new NixDeployment(chart, 'workspace', {});
    expect(PodSecurity.check(chart)).toEqual([]);
    ApiObject.of(deployment).addJsonPatch(JsonPatch.add('/spec/template/spec/hostNetwork', true));
    expect(PodSecurity.check(chart).map(violation => violation.rule)).toEqual(['hostNamespaces']);
  });

  test('a pod without containers or security contexts, and objects without pods', () => {
    const chart = Testing.chart();
    new ApiObject(chart, 'Config', { apiVersion: 'v1', kind: 'ConfigMap' });
    new ApiObject(chart, 'Empty', { apiVersion: 'v1', kind: 'Pod' });
    new ApiObject(chart, 'Bare', { apiVersion: 'apps/v1', kind: 'Deployment' });
    expect(PodSecurity.check(chart)).toEqual([]);
  });
});

describe('enforce', () => {
  test('fails the synthesis with every violation, of workloads added later too', () => {
    const chart = Testing.chart();
    PodSecurity.enforce(chart);
    new kplus.Deployment(chart, 'Web', { containers: [{ image: 'example.org/app:1' }] });
    expect(() => Testing.synth(chart)).toThrow(/seccompProfile_restricted.*\n.*capabilities_restricted/);
  });

  test('lets conforming workloads pass', () => {
    const chart = Testing.chart();
    PodSecurity.enforce(chart);
    new NixDeployment(chart, 'workspace', {});
    expect(Testing.synth(chart)).toBeRestricted();
  });

  test('asks for no more than the profile', () => {
    const chart = Testing.chart();
    PodSecurity.enforce(chart, { level: PodSecurityLevel.BASELINE });
    new kplus.Deployment(chart, 'Web', { containers: [{ image: 'example.org/app:1' }] });
    expect(Testing.synth(chart)).toHaveLength(1);
  });
});

describe('the matcher of the tests', () => {
  const manifest = (...changes: Change[]) => deploymentOf(...[INIT, MAIN, DEBUG].map(c => at(`${c}.securityContext.readOnlyRootFilesystem`, true)), ...changes).toJson();

  test('accepts a conforming pod and refuses to judge nothing', () => {
    expect(manifest()).toBeRestricted();
    expect([]).not.toBeRestricted();
  });

  test.each<[string, Change, RegExp]>([
    ['a root file system that can be written', at(`${MAIN}.securityContext.readOnlyRootFilesystem`, false), /read-only root/],
    ['root', at(`${POD}.runAsUser`, 0), /runAsUser.*[^]*not true that it runs as non-root/],
    ['privileges', at(`${INIT}.securityContext.allowPrivilegeEscalation`, true), /allowPrivilegeEscalation.*[^]*not true that it cannot gain privileges/],
    ['a capability', at(`${MAIN}.securityContext.capabilities.add`, ['NET_BIND_SERVICE']), /not true that it has no capabilities/],
    ['no seccomp', at(`${POD}.seccompProfile`, undefined), /seccompProfile.*[^]*not true that it has the seccomp profile/],
    ['the network of the node', at('spec.hostNetwork', true), /hostNetwork.*[^]*not true that it leaves the node alone/],
  ])('refuses %s', (_what, change, message) => {
    expect(() => expect(manifest(change)).toBeRestricted()).toThrow(message);
  });
});
