import { Cron, Duration, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixDeployment, NixStore, NixStoreVerification, NixStoreVerificationProps } from '../../src';
import { mountAt, only, podSpec, testChart, variable, withoutScriptHash } from '../support/synth';
import { synthError } from '../support/synth-error';

function verified(props: Partial<NixStoreVerificationProps> = {}) {
  const chart = testChart();
  const { environment } = new NixDeployment(chart, 'workspace');
  const verification = new NixStoreVerification(chart, 'verify', { environment, ...props });
  return { chart, verification };
}

test('once, by a Job beside the workload, which changes nothing', () => {
  const { chart, verification } = verified();
  expect(chart).toBeValidKubernetes();
  expect(chart).toBeRestricted();
  expect(verification.workload).toBeInstanceOf(kplus.Job);
  const pod = podSpec(chart, 'Job');
  expect(pod.containers[0].command).toEqual(['sh', '/opt/cdk8s-nix-care/verify-store.sh']);
  expect(variable(pod.containers[0], 'VERIFY_REPAIR')).toBe('no');
  expect(variable(pod.containers[0], 'VERIFY_CONTENTS')).toBe('yes');
  expect(variable(pod.containers[0], 'CARE_TIMEOUT')).toBe('7200');
  expect(mountAt(pod.containers[0], '/nix')).toEqual({ name: 'nix-store', mountPath: '/nix', subPath: 'nix' });
  expect(pod.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution).toHaveLength(1);
  expect(only(Testing.synth(chart), 'Job').metadata.name).toMatch(/^test-verify-job-c[0-9a-f]+-[0-9a-f]{12}$/);
  expect(withoutScriptHash(only(Testing.synth(chart), 'Job').spec)).toMatchSnapshot();
});

test('on a schedule, by a CronJob, with repair', () => {
  const { chart, verification } = verified({ schedule: Cron.monthly(), timeZone: 'Etc/UTC', repair: true, checkContents: false, deadline: Duration.hours(1) });
  expect(chart).toBeValidKubernetes();
  expect(verification.workload).toBeInstanceOf(kplus.CronJob);
  expect(only(Testing.synth(chart), 'CronJob').spec).toMatchObject({ schedule: '0 0 1 * *', timeZone: 'Etc/UTC' });
  const [container] = podSpec(chart, 'CronJob').containers;
  expect(variable(container, 'VERIFY_REPAIR')).toBe('yes');
  expect(variable(container, 'VERIFY_CONTENTS')).toBe('no');
  expect(variable(container, 'CARE_TIMEOUT')).toBe('3600');
});

test.each<[string, NixStore, string]>([
  ['a volume of one pod', NixStore.persistent({ accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE_POD] }), 'CDK8SNIX0701'],
  ['a store of each pod', NixStore.ephemeral(), 'CDK8SNIX0701'],
  ['a store of a driver', NixStore.csi({ driver: 'nix.csi' }), 'CDK8SNIX0703'],
])('%s is refused', (_, store, code) => {
  expect(synthError(chart => {
    const { environment } = new NixDeployment(chart, 'workspace', { store });
    new NixStoreVerification(chart, 'verify', { environment });
  })).toContain(code);
});

test('a deadline of no time is refused', () => {
  expect(synthError(chart => {
    new NixStoreVerification(chart, 'verify', { environment: new NixDeployment(chart, 'workspace').environment, deadline: Duration.seconds(0) });
  })).toContain('CDK8SNIX0704 deadline');
});
