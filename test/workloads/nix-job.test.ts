import { Duration, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixJob, NixStore } from '../../src';
import { mountAt, only, podSpec, testChart, withoutScriptHash } from '../support/synth';

test('a Job runs its container with Nix, on a store that goes with it', () => {
  const chart = testChart();
  new NixJob(chart, 'build', { containers: [{ image: 'example/builder:1', command: ['nix', 'build'] }] });
  expect(chart).toBeValidKubernetes();
  expect(chart).toBeRestricted();
  const pod = podSpec(chart, 'Job');
  expect(pod.restartPolicy).toBe('Never');
  expect(pod.volumes).toContainEqual({ name: 'nix-store', emptyDir: {} });
  expect(pod.containers[0].command).toEqual(['nix', 'build']);
  expect(pod.containers[0].resources.requests).toEqual({ cpu: '100m', memory: '256Mi' });
  expect(mountAt(pod.containers[0], '/nix')).toEqual({ name: 'nix-store', mountPath: '/nix', subPath: 'nix' });
  expect(Testing.synth(chart).map((m: any) => m.kind)).not.toContain('PersistentVolumeClaim');
  expect(withoutScriptHash(only(Testing.synth(chart), 'Job').spec)).toMatchSnapshot();
});

test('the props of kplus.Job and another store stay as they were given', () => {
  const chart = testChart();
  const job = new NixJob(chart, 'build', {
    restartPolicy: kplus.RestartPolicy.ON_FAILURE,
    backoffLimit: 2,
    activeDeadline: Duration.minutes(10),
    ttlAfterFinished: Duration.hours(1),
    store: NixStore.existing('nix-pvc'),
  });
  job.addContainer({ image: 'example/builder:1' });
  const { spec } = only(Testing.synth(chart), 'Job');
  expect(spec).toMatchObject({ backoffLimit: 2, activeDeadlineSeconds: 600, ttlSecondsAfterFinished: 3600 });
  expect(spec.template.spec.restartPolicy).toBe('OnFailure');
  expect(spec.template.spec.volumes).toContainEqual({ name: 'nix-store', persistentVolumeClaim: { claimName: 'nix-pvc' } });
  expect(chart).toBeValidKubernetes({ external: ['PersistentVolumeClaim/nix-pvc'] });
});
