import { ApiObject } from 'cdk8s';
import { NixEnvironment } from '../../src';
import { synthErrorOf } from '../support/synth-error';

const LABELS = { app: 'theirs' };
const TEMPLATE = { metadata: { labels: LABELS }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } };

describe('a Rollout that runs the pods of a Deployment', () => {
  const STOPS_OLD_FIRST = { canary: { maxSurge: 0, maxUnavailable: 1 } };
  const rollout = (spec: any, name = 'theirs'): any => ({
    apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', metadata: { name: 'portal' }, spec: { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, ...spec },
  });
  const refused = (...others: any[]) => refusedBeside(0, ...others);
  const refusedBeside = (replicas: number | undefined, ...others: any[]) => synthErrorOf(chart => {
    others.forEach((other, i) => new ApiObject(chart, `other-${i}`, other));
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs', {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'theirs' }, spec: { replicas, selector: { matchLabels: LABELS }, template: TEMPLATE },
    }));
  });

  test('is refused several of them on one claim', () => {
    expect(refused(rollout({ replicas: 3, strategy: STOPS_OLD_FIRST })))
      .toContain('CDK8SNIX0206 replicas: got 3. Several replicas, those of Rollout/portal, need the store at once');
    expect(refused({ apiVersion: 'v1', kind: 'List', items: [rollout({ replicas: 3, strategy: STOPS_OLD_FIRST })] })).toContain('CDK8SNIX0206 replicas: got 3');
  });

  test('is refused an autoscaler of its own', () => {
    const scaler = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'scaler' }, spec: { scaleTargetRef: { kind: 'Rollout', name: 'portal' }, maxReplicas: 4 } };
    expect(refused(rollout({ strategy: STOPS_OLD_FIRST }), scaler)).toContain('CDK8SNIX0206 replicas: got 4');
  });

  test('is refused new pods beside the old ones', () => {
    expect(refused(rollout({ strategy: { canary: {} } }))).toContain('CDK8SNIX0207 strategy: got "canary"');
    expect(refused(rollout({ strategy: { blueGreen: {} } }))).toContain('In Rollout/portal use a canary with maxSurge: 0 and maxUnavailable: 1 that routes no traffic, which stops the old pod first.');
    expect(refused(rollout({}))).toContain('CDK8SNIX0207 strategy: got nothing');
  });

  test.each<[string, any, string]>([
    ['traffic is routed', { trafficRouting: { nginx: { stableIngress: 'portal' } } }, 'canary.trafficRouting'],
    ['its scale is set', { steps: [{ setWeight: 20 }, { setCanaryScale: { replicas: 1 } }] }, 'canary.steps.setCanaryScale'],
    ['an experiment runs', { steps: [{ experiment: { templates: [{ name: 'new', specRef: 'canary' }] } }] }, 'canary.steps.experiment'],
  ])('is refused a canary beside the old pod: %s', (_, more, value) => {
    expect(refused(rollout({ replicas: 1, strategy: { canary: { ...STOPS_OLD_FIRST.canary, ...more } } }))).toContain(`CDK8SNIX0207 strategy: got "${value}"`);
  });

  test('is refused a pod beside that of the Deployment itself', () => {
    const one = rollout({ replicas: 1, strategy: STOPS_OLD_FIRST });
    const message = 'CDK8SNIX0206 replicas: got 2. Several replicas, those of Rollout/portal, beside the Deployment\'s own, need the store at once';
    expect(refusedBeside(1, one)).toContain(message);
    expect(refusedBeside(undefined, one)).toContain(message);
    expect(refusedBeside(1, one)).toContain('Use replicas: 0 in Deployment/theirs and one replica in the Rollout, ');
  });

  test('may run one after the other', () => {
    expect(refused(rollout({ replicas: 1, strategy: STOPS_OLD_FIRST }))).toBe('');
  });

  test('that runs those of another one is its own affair', () => {
    expect(refused(rollout({ replicas: 3 }, 'other'))).toBe('');
  });
});
