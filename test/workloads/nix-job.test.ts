import { ApiObject, Duration, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { NixImage, NixJob, NixJobProps, NixStore } from '../../src';
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

describe('a Job cannot be changed in the cluster, so', () => {
  const nameOf = (props: NixJobProps, change: (job: NixJob) => void = () => {}): string => {
    const chart = testChart();
    const job = new NixJob(chart, 'build', { containers: [{ image: 'example/builder:1' }], ...props });
    change(job);
    return only(Testing.synth(chart), 'Job').metadata.name;
  };
  const name = nameOf({});

  test('the same Job has the same name', () => {
    expect(name).toMatch(/^test-build-c[0-9a-f]+-[0-9a-f]+$/);
    expect(nameOf({})).toBe(name);
  });

  test.each<[string, NixJobProps]>([
    ['another image', { containers: [{ image: 'example/builder:2' }] }],
    ['a setting of nix.conf', { config: { maxJobs: 2 } }],
    ['another seed image', { image: NixImage.of('example/nix:1') }],
  ])('%s is another Job', (_, props) => {
    expect(nameOf(props)).not.toBe(name);
  });

  test('so is a JSON patch of its pod', () => {
    expect(nameOf({}, job => ApiObject.of(job).addJsonPatch(JsonPatch.add('/spec/template/spec/priorityClassName', 'high')))).not.toBe(name);
  });

  test('what Kubernetes lets change is the same Job', () => {
    expect(nameOf({ ttlAfterFinished: Duration.hours(1), activeDeadline: Duration.hours(2), backoffLimit: 1 })).toBe(name);
  });

  test('a name that was given stays', () => {
    expect(nameOf({ metadata: { name: 'migrate' } })).toBe('migrate');
  });

  test('a long name stays a name', () => {
    const chart = testChart();
    new NixJob(chart, 'a-task-with-a-name-that-says-everything-there-is-to-say-about-it', { containers: [{ image: 'example/builder:1' }] });
    expect(only(Testing.synth(chart), 'Job').metadata.name.length).toBeLessThanOrEqual(63);
    expect(chart).toBeValidKubernetes();
  });
});
