import { Chart, Cron, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixEnvironment, NixStore } from '../../src';
import { mountAt, only, podSpec, testChart, variable } from '../support/synth';

const containers = [{ image: 'example/app:1', portNumber: 80 }];

/** Each kind of workload of kplus, made without a thought of Nix. */
const KINDS: Array<[kind: string, make: (chart: Chart) => kplus.AbstractPod]> = [
  ['Deployment', chart => new kplus.Deployment(chart, 'plain', { containers })],
  ['StatefulSet', chart => new kplus.StatefulSet(chart, 'plain', { containers })],
  ['DaemonSet', chart => new kplus.DaemonSet(chart, 'plain', { containers })],
  ['Job', chart => new kplus.Job(chart, 'plain', { containers })],
  ['CronJob', chart => new kplus.CronJob(chart, 'plain', { containers, schedule: Cron.daily() })],
  ['Pod', chart => new kplus.Pod(chart, 'plain', { containers })],
];

describe.each(KINDS)('a plain %s', (kind, make) => {
  const chart = testChart();
  const workload = make(chart);
  const environment = new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() });
  environment.enable(workload);
  workload.addContainer({ name: 'late', image: 'example/sidecar:1' });
  const pod = podSpec(chart, kind);

  test('is valid and restricted with Nix in it', () => {
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
  });

  test('is seeded and checked before anything of its own starts', () => {
    expect(pod.initContainers.map((container: any) => container.name)).toEqual(['seed-nix-store']);
  });

  test('gets Nix in all containers, early and late, and keeps its images', () => {
    expect(pod.containers.map((container: any) => container.image)).toEqual(['example/app:1', 'example/sidecar:1']);
    for (const container of pod.containers) {
      expect(mountAt(container, '/nix')).toEqual({ name: 'nix-store', mountPath: '/nix', subPath: 'nix' });
      expect(variable(container, 'PATH')).toContain('/nix/var/nix/profiles/default/bin');
    }
    expect(pod.securityContext).toMatchObject({ runAsUser: 1001, fsGroup: 1001, fsGroupChangePolicy: 'OnRootMismatch' });
  });

  test('is rolled when nix.conf changes', () => {
    const manifest = only(Testing.synth(chart), kind);
    const metadata = kind === 'Pod' ? manifest.metadata : kind === 'CronJob' ? manifest.spec.jobTemplate.spec.template.metadata : manifest.spec.template.metadata;
    expect(metadata.annotations['cdk8s-nix/config-checksum']).toMatch(/^[0-9a-f]{12}$/);
  });

  test('is enabled once', () => {
    expect(() => environment.enable(workload)).toThrow('CDK8SNIX0501 test/plain: enabled twice, by test/nix and by test/nix. A pod has one /nix');
  });
});

test('replicas and rolling updates of a Deployment work on a store for each pod', () => {
  const chart = testChart();
  const target = new kplus.Deployment(chart, 'plain', { containers: [{ image: 'example/app:1' }], replicas: 2 });
  new NixEnvironment(chart, 'nix', { store: NixStore.ephemeral() }).enable(target);
  expect(only(Testing.synth(chart), 'Deployment').spec).toMatchObject({ replicas: 2, strategy: { type: 'RollingUpdate' } });
  expect(chart).toBeValidKubernetes();
});
