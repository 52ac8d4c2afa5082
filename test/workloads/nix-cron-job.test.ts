import { Cron, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixCronJob, NixStore } from '../../src';
import { mountAt, only, podSpec, testChart, withoutScriptHash } from '../support/synth';

test('only the first run starts cold: the runs follow one another on one claim', () => {
  const chart = testChart();
  const cronJob = new NixCronJob(chart, 'nightly', { schedule: Cron.daily(), containers: [{ image: 'example/builder:1' }] });
  expect(chart).toBeValidKubernetes();
  expect(chart).toBeRestricted();
  const { spec } = only(Testing.synth(chart), 'CronJob');
  expect(spec).toMatchObject({ schedule: '0 0 * * *', concurrencyPolicy: 'Forbid' });
  const pod = podSpec(chart, 'CronJob');
  expect(pod.restartPolicy).toBe('Never');
  expect(pod.volumes).toContainEqual({ name: 'nix-store', persistentVolumeClaim: { claimName: cronJob.environment.claim!.name } });
  expect(mountAt(pod.containers[0], '/nix')).toEqual({ name: 'nix-store', mountPath: '/nix', subPath: 'nix' });
  expect(withoutScriptHash(spec)).toMatchSnapshot();
});

test('runs may overlap where each has a store of its own', () => {
  const chart = testChart();
  const cronJob = new NixCronJob(chart, 'often', {
    schedule: Cron.everyMinute(), concurrencyPolicy: kplus.ConcurrencyPolicy.ALLOW, store: NixStore.ephemeral(),
  });
  cronJob.addContainer({ image: 'example/builder:1' });
  expect(only(Testing.synth(chart), 'CronJob').spec.concurrencyPolicy).toBe('Allow');
  expect(chart).toBeValidKubernetes();
});
