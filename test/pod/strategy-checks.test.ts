import { ApiObject } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixEnvironment, NixStatefulSet, NixStore } from '../../src';
import { synthErrorOf } from '../support/synth-error';

const LABELS = { app: 'theirs' };
const TEMPLATE = { metadata: { labels: LABELS }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } };
const GROUPS: { readonly [kind: string]: string } = { Rollout: 'argoproj.io/v1alpha1', DeploymentConfig: 'apps.openshift.io/v1' };

/** What synth says of a workload that replaces its pods like this. */
function said(kind: string, strategy: any, store = NixStore.emptyDir()): string {
  return synthErrorOf(chart => {
    const field = ['StatefulSet', 'DaemonSet'].includes(kind) ? { updateStrategy: strategy } : { strategy };
    const spec = { ...(kind === 'StatefulSet' ? { serviceName: 'theirs' } : {}), selector: kind === 'DeploymentConfig' ? LABELS : { matchLabels: LABELS }, template: TEMPLATE, ...field };
    const theirs = new ApiObject(chart, 'theirs', { apiVersion: GROUPS[kind] ?? 'apps/v1', kind, metadata: { name: 'theirs' }, spec });
    new NixEnvironment(chart, 'nix', { store }).enable(theirs);
  });
}

const rolling = (amounts: object) => ({ type: 'RollingUpdate', rollingUpdate: amounts });

test.each<[kind: string, strategy: any, message: string]>([
  ['Deployment', rolling({ maxSurge: '25' }), 'strategy.rollingUpdate.maxSurge: got "25". It is a whole number of pods, or a share of them in percent. Write 25 without quotes, or "25%".'],
  ['Deployment', rolling({ maxUnavailable: -1 }), 'strategy.rollingUpdate.maxUnavailable: got -1. It is a whole number of pods'],
  ['Deployment', { rollingUpdate: { maxSurge: 'half' } }, 'strategy.rollingUpdate.maxSurge: got "half". It is a whole number of pods, or a share of them in percent. Use for example 1, or "25%".'],
  ['DeploymentConfig', { type: 'RollingUpdate' }, 'strategy.type: got "RollingUpdate". A DeploymentConfig has Recreate, Rolling or Custom. Write Recreate.'],
  ['DeploymentConfig', { type: 'Rolling', rollingParams: { maxSurge: 0, maxUnavailable: 0 } }, 'strategy.rollingParams: got {"maxSurge":0,"maxUnavailable":0}. No pod may be added'],
  ['StatefulSet', { type: 'Recreate' }, 'updateStrategy.type: got "Recreate". A StatefulSet has RollingUpdate or OnDelete. Write RollingUpdate.'],
  ['StatefulSet', { type: 'ondelete' }, 'updateStrategy.type: got "ondelete". A StatefulSet has RollingUpdate or OnDelete. Write OnDelete.'],
  ['StatefulSet', { type: 'OnDelete', rollingUpdate: { partition: 1 } }, 'updateStrategy.rollingUpdate: got {"partition":1}. With OnDelete there is nothing that rolls. Leave it out.'],
  ['StatefulSet', rolling({ partition: '1' }), 'updateStrategy.rollingUpdate.partition: got "1". It is a whole number, from 0.'],
  ['StatefulSet', rolling({ maxUnavailable: 0 }), 'updateStrategy.rollingUpdate.maxUnavailable: got 0. No pod may be missing'],
  ['DaemonSet', { type: 'Recreate' }, 'updateStrategy.type: got "Recreate". A DaemonSet has RollingUpdate or OnDelete.'],
  ['DaemonSet', rolling({ maxSurge: 1 }), 'updateStrategy.rollingUpdate: got {"maxSurge":1}. A DaemonSet starts the new pod of a node before it stops the old one, or after: maxUnavailable is 1 unless it is 0. Say maxUnavailable: 0'],
  ['DaemonSet', rolling({ maxSurge: 1, maxUnavailable: '10%' }), 'updateStrategy.rollingUpdate: got {"maxSurge":1,"maxUnavailable":"10%"}. A DaemonSet starts'],
  ['DaemonSet', rolling({ maxUnavailable: 0 }), 'updateStrategy.rollingUpdate: got {"maxUnavailable":0}. No pod may be added and none may be missing'],
  ['Rollout', undefined, 'strategy: got nothing. A Rollout has canary or blueGreen. Use strategy: { canary: {} }, for example.'],
  ['Rollout', { type: 'Recreate' }, 'strategy.type: got "Recreate". A Rollout has canary or blueGreen, and nothing else.'],
  ['Rollout', { canary: {}, blueGreen: { activeService: 'theirs' } }, 'strategy: got ["canary","blueGreen"]. A Rollout has one of them. Leave one out.'],
  ['Rollout', { blueGreen: {} }, 'strategy.blueGreen.activeService: got nothing. A Service leads to the pods'],
  ['Rollout', { blueGreen: { activeService: 'theirs', previewService: 'theirs' } }, 'strategy.blueGreen.previewService: got "theirs". It is the Service of the pods that are in use.'],
  ['Rollout', { canary: { maxSurge: 0, maxUnavailable: 0 } }, 'strategy.canary: got {"maxSurge":0,"maxUnavailable":0}. No pod may be added'],
  ['Rollout', { canary: { maxSurge: '1' } }, 'strategy.canary.maxSurge: got "1". It is a whole number of pods, or a share of them in percent. Write 1 without quotes, or "1%".'],
  ['Rollout', { canary: { steps: [{ setWeight: 20 }, { setWeight: 40, pause: {} }] } }, 'strategy.canary.steps[1]: got {"pause":{},"setWeight":40}. A step is one thing'],
])('a %s that says %j is told', (kind, strategy, message) => {
  expect(said(kind, strategy)).toContain(`[test/theirs] CDK8SNIX0527 ${message}`);
});

test.each<[kind: string, strategy: any]>([
  ['Deployment', rolling({ maxSurge: 0 })], ['Deployment', rolling({ maxUnavailable: 0 })], ['Deployment', { type: 'Recreate', rollingUpdate: null }], ['Deployment', {}],
  ['DeploymentConfig', { type: 'Custom', customParams: {} }], ['DeploymentConfig', { type: 'Recreate', recreateParams: { pre: {} } }],
  ['StatefulSet', rolling({ partition: 0 })], ['StatefulSet', { type: 'OnDelete' }], ['StatefulSet', rolling({ maxUnavailable: '20%' })],
  ['DaemonSet', rolling({ maxSurge: 1, maxUnavailable: 0 })], ['DaemonSet', rolling({ maxSurge: 0 })], ['DaemonSet', { type: 'OnDelete' }],
  ['Rollout', { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } }], ['Rollout', { blueGreen: { activeService: 'active', previewService: 'preview' } }],
])('a %s that says %j is fine', (kind, strategy) => {
  expect(said(kind, strategy)).toBe('');
});

test('a Rollout without a strategy has one from us where the store serves one pod at a time', () => {
  expect(said('Rollout', undefined, NixStore.persistent())).toBe('');
});

test('what cdk8s-plus makes is fine', () => {
  expect(synthErrorOf(chart => {
    const amounts = { maxSurge: kplus.PercentOrAbsolute.percent(50), maxUnavailable: kplus.PercentOrAbsolute.absolute(1) };
    const strategy = kplus.DeploymentStrategy.rollingUpdate(amounts);
    new NixDeployment(chart, 'rolls', { store: NixStore.emptyDir(), strategy });
    new NixStatefulSet(chart, 'set', { strategy: kplus.StatefulSetUpdateStrategy.rollingUpdate({ partition: 1 }) });
    new NixStatefulSet(chart, 'by-hand', { strategy: kplus.StatefulSetUpdateStrategy.onDelete() });
  })).toBe('');
});
