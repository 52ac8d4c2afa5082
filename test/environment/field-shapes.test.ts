import { ApiObject, JsonPatch, Testing } from 'cdk8s';
import { NixEnableOptions, NixEnvironment, NixEnvironmentProps, NixStore } from '../../src';
import { testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

const MAIN = { name: 'main', image: 'example/app:1' };
const LABELS = { app: 'theirs' };
const METADATA = { labels: LABELS };

const workload = (kind: string, spec: any, metadata: any = { name: 'theirs' }, apiVersion = 'apps/v1'): any =>
  ({
    apiVersion,
    kind,
    metadata,
    spec: { selector: { matchLabels: LABELS }, template: { metadata: METADATA, spec: { containers: [MAIN] } }, ...spec },
  });
const ofPod = (spec: any, metadata: any = METADATA): any => workload('Deployment', { template: { metadata, spec: { containers: [MAIN], ...spec } } });
const ofContainer = (more: any, volumes?: any): any => ofPod({ containers: [{ ...MAIN, ...more }], volumes });

const refusal = (manifest: any, options: NixEnableOptions = {}, props: NixEnvironmentProps = {}): string =>
  synthErrorOf(chart => new NixEnvironment(chart, 'nix', props).enable(new ApiObject(chart, 'theirs', manifest), options));

const VOLUMES = [{ name: 'data', emptyDir: {} }];
const CONTAINER = '.spec.template.spec.containers[0]';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

describe('fields of another shape than Kubernetes reads', () => {
  test.each<[string, any, string]>([
    ['a name that is a number', workload('Deployment', {}, { name: 2048 }), '.metadata.name: got 2048. It is text. Put it in quotes: "2048".'],
    ['a name that is a boolean', workload('Deployment', {}, { name: true }), '.metadata.name: got true. It is text. Put it in quotes: "true".'],
    ['a path that is a number', ofContainer({ volumeMounts: [{ name: 'data', mountPath: 5 }] }, VOLUMES), `${CONTAINER}.volumeMounts[0].mountPath: got 5. It is text.`],
    ['a path that is a boolean', ofContainer({ volumeMounts: [{ name: 'data', mountPath: true }] }, VOLUMES), `${CONTAINER}.volumeMounts[0].mountPath: got true.`],
    ['a folder that is a number', ofContainer({ volumeMounts: [{ name: 'data', mountPath: '/x', subPath: 5 }] }, VOLUMES), `${CONTAINER}.volumeMounts[0].subPath: got 5.`],
    ['a security context that is text', ofContainer({ securityContext: 'x' }), `${CONTAINER}.securityContext: got "x". It is an object, with fields.`],
    ['a security context that is a list', ofPod({ securityContext: [] }), '.spec.template.spec.securityContext: got []. It is an object'],
    ['sysctls by name', ofPod({ securityContext: { sysctls: { a: 'b' } } }), '.spec.template.spec.securityContext.sysctls: got {"a":"b"}. It is a list of objects.'],
    ['a capability without a list', ofContainer({ securityContext: { capabilities: { add: 'NET_ADMIN' } } }),
      `${CONTAINER}.securityContext.capabilities.add: got "NET_ADMIN". It is a list of texts. Make it a list of texts, with numbers in quotes: ["NET_ADMIN"].`],
    ['capabilities in a list', ofContainer({ securityContext: { capabilities: ['ALL'] } }), `${CONTAINER}.securityContext.capabilities: got ["ALL"].`],
    ['a command that is one text', ofContainer({ command: 'sleep 5' }), `${CONTAINER}.command: got "sleep 5". It is a list of texts.`],
    ['an argument that is a number', ofContainer({ args: ['-p', 5] }), `${CONTAINER}.args: got ["-p",5]. It is a list of texts. Make it a list of texts, with numbers in quotes: ["-p","5"].`],
    ['an image that is a number', ofContainer({ image: 5 }), `${CONTAINER}.image: got 5. It is text.`],
    ['a working directory that is a number', ofContainer({ workingDir: 5 }), `${CONTAINER}.workingDir: got 5. It is text.`],
    ['a working directory with fields', ofContainer({ workingDir: { a: 1 } }), `${CONTAINER}.workingDir: got {"a":1}. It is text. Write a text`],
    ['a node that is a number', ofPod({ nodeName: 3 }), '.spec.template.spec.nodeName: got 3. It is text.'],
    ['an affinity to pods that is text', ofPod({ affinity: { podAffinity: 'x' } }), '.spec.template.spec.affinity.podAffinity: got "x". It is an object'],
    ['an affinity to pods that is a list', ofPod({ affinity: { podAffinity: [] } }), '.spec.template.spec.affinity.podAffinity: got []. It is an object'],
    ['an affinity to nodes that is text', ofPod({ affinity: { nodeAffinity: 'x' } }), '.spec.template.spec.affinity.nodeAffinity: got "x". It is an object'],
    ['terms without a list', ofPod({ affinity: { podAffinity: { [REQUIRED]: { topologyKey: 'x' } } } }),
      `.spec.template.spec.affinity.podAffinity.${REQUIRED}: got {"topologyKey":"x"}. It is a list of objects.`],
    ['terms that are texts', ofPod({ affinity: { podAntiAffinity: { [REQUIRED]: ['x'] } } }), `.spec.template.spec.affinity.podAntiAffinity.${REQUIRED}: got ["x"].`],
    ['a topology that is a number', ofPod({ affinity: { podAffinity: { [REQUIRED]: [{ topologyKey: 1 }] } } }), `podAffinity.${REQUIRED}[0].topologyKey: got 1. It is text.`],
    ['terms of nodes without a list', ofPod({ affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: {} } } } }),
      `nodeAffinity.${REQUIRED}.nodeSelectorTerms: got {}. It is a list of objects.`],
    ['a text for a boolean', ofPod({ hostNetwork: 'false' }), '.spec.template.spec.hostNetwork: got "false". It is true or false'],
    ['metadata of the pod that are text', ofPod({}, 'x'), '.spec.template.metadata: got "x". It is an object'],
    ['annotations in a list', ofPod({}, { labels: LABELS, annotations: ['x'] }), '.spec.template.metadata.annotations: got ["x"]. It is an object'],
    ['a strategy that is text', workload('Deployment', { strategy: 'Recreate' }), '.spec.strategy: got "Recreate". It is an object'],
    ['a canary without fields', workload('Rollout', { strategy: 'canary' }, { name: 'theirs' }, 'argoproj.io/v1alpha1'), '.spec.strategy: got "canary". It is an object'],
  ])('%s', (_, manifest, message) => {
    const refused = refusal(manifest);
    expect(refused).toContain('[test/theirs] CDK8SNIX0520 .');
    expect(refused).toContain(message);
  });

  test.each<[string, any, string]>([
    ['a map', { metadata: { name: 'data' } }, '.spec.volumeClaimTemplates: got {"metadata":{"name":"data"}}. It is a list of objects.'],
    ['texts', ['x'], '.spec.volumeClaimTemplates: got ["x"].'],
    ['nothing', [null], '.spec.volumeClaimTemplates: got [null].'],
  ])('claim templates that are %s', (_, volumeClaimTemplates, message) => {
    const manifest = workload('StatefulSet', { serviceName: 'theirs', volumeClaimTemplates });
    expect(refusal(manifest, {}, { store: NixStore.perReplica() })).toContain(`CDK8SNIX0520 ${message}`);
  });

  test('are told together, and what is not said is fine', () => {
    const message = refusal(ofContainer({ command: 'sleep 5', workingDir: 5, securityContext: null, env: null }));
    expect(message.match(/CDK8SNIX0520/g)).toHaveLength(2);
  });

  test('other words for what has a message of its own', () => {
    expect(refusal(workload('Deployment', { replicas: { min: 1 } }))).toContain('CDK8SNIX0515 replicas: got {"min":1}.');
    expect(refusal(ofContainer({ env: [{ value: 'x' }] }))).toContain('CDK8SNIX0510 containers[main].envVariables: got nothing.');
    expect(refusal(ofContainer({ env: [{ name: 'NIX_CONFIG', value: { a: 1 } }] }))).toContain('got {"a":1}. The value of a variable is text. Write it as text, all of it in quotes.');
    const quoted = refusal(ofContainer({ securityContext: { runAsUser: '1001' } }));
    expect(quoted).toContain('Write it without quotes, 1001 for example.');
    expect(refusal(ofContainer({ securityContext: { runAsUser: '0' } }))).not.toContain('CDK8SNIX0403');
    expect(quoted).not.toContain('CDK8SNIX0403');
  });
});

describe('remedies that work', () => {
  test('group 0 does not ask for root', () => {
    const message = refusal(ofContainer({ securityContext: { runAsGroup: 0 } })) + refusal(ofPod({ securityContext: { fsGroup: 0 } }));
    expect(message).toContain('CDK8SNIX0403 containers[main].securityContext.group: got 0.');
    expect(message).toContain('CDK8SNIX0403 securityContext.fsGroup: got 0.');
    expect(message).toContain('Leave it out, or let only the other containers have Nix (the option `containers`).');
    expect(message).not.toContain('root()');
    const beside = { name: 'side', image: 'example/side:1', securityContext: { runAsGroup: 0 } };
    expect(refusal(ofPod({ containers: [MAIN, beside] }), { containers: ['main'] })).toBe('');
  });

  test('a pod template that a patch brings', () => {
    const chart = testChart();
    const theirs = new ApiObject(chart, 'theirs', { apiVersion: 'example.org/v1', kind: 'Runner', metadata: { name: 'theirs' } });
    theirs.addJsonPatch(JsonPatch.add('/spec', { template: { spec: { containers: [MAIN] } } }));
    expect(() => new NixEnvironment(chart, 'nix').enable(theirs, { podTemplates: ['/spec/template'] })).toThrow('CDK8SNIX0507 containers: got []. The pod comes from a JSON patch');
  });

  test('a selector of our label', () => {
    const label = { 'cdk8s-nix/environment': 'mine' };
    expect(refusal(workload('Deployment', { selector: { matchLabels: label }, template: { metadata: { labels: label }, spec: { containers: [MAIN] } } })))
      .toContain('Select by another label: cdk8s-nix/environment is the environment\'s.');
  });

  test('several constructs in a list', () => {
    expect(() => new NixEnvironment(testChart(), 'nix').enable([] as any)).toThrow('This is no construct. Call enable() for each.');
  });
});

describe('what contradicts itself', () => {
  test.each<[string, any, string]>([
    ['a misspelled strategy', { type: 'recreate' }, 'strategy.type: got "recreate". A Deployment has Recreate or RollingUpdate. Write Recreate.'],
    ['Recreate that rolls', { type: 'Recreate', rollingUpdate: { maxSurge: 1 } }, 'strategy.rollingUpdate: got {"maxSurge":1}. With Recreate there is nothing that rolls.'],
    ['no pod more, and none less', { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } }, 'No pod may be added and none may be missing'],
  ])('%s', (_, strategy, message) => {
    expect(refusal(workload('Deployment', { strategy }))).toContain('CDK8SNIX0527 strategy.');
    expect(refusal(workload('Deployment', { strategy }))).toContain(message);
  });

  test('a device at /nix', () => {
    const manifest = ofContainer({ volumeDevices: [{ name: 'data', devicePath: '/nix' }] }, [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]);
    expect(refusal(manifest)).toContain('got "/nix". The environment mounts /nix itself.');
  });
});

describe('counts of custom resources', () => {
  const custom = (kind: string, apiVersion: string, spec: any, podTemplate: string): string =>
    refusal({ apiVersion, kind, metadata: { name: 'theirs' }, spec }, { podTemplates: [podTemplate] });
  const template = { metadata: METADATA, spec: { containers: [MAIN] } };

  test.each<[string, string]>([
    ['CDK8SNIX0206 maxReplicas: got 5.', custom('RayCluster', 'ray.io/v1', { workerGroupSpecs: [{ replicas: 1, maxReplicas: 5, template }] }, '/spec/workerGroupSpecs/*/template')],
    ['CDK8SNIX0206 maxRunners: got 5.', custom('AutoscalingRunnerSet', 'actions.github.com/v1alpha1', { maxRunners: 5, template }, '/spec/template')],
    ['A DaemonSet runs a pod on every node', custom('DaemonSet', 'apps.kruise.io/v1alpha1', { template }, '/spec/template')],
  ])('%s', (message, error) => {
    expect(error).toContain(message);
  });

  test('one is fine', () => {
    const chart = testChart();
    const theirs = new ApiObject(chart, 'theirs', { apiVersion: 'actions.github.com/v1alpha1', kind: 'AutoscalingRunnerSet', spec: { maxRunners: 1, template } } as any);
    new NixEnvironment(chart, 'nix').enable(theirs, { podTemplates: ['/spec/template'] });
    expect(Testing.synth(chart).some(({ kind }) => kind === 'AutoscalingRunnerSet')).toBe(true);
  });
});
