import { ApiObject, Testing } from 'cdk8s';
import { GitOps, NixDeployment, NixProgram, NixProgramPrefetch, NixStore } from '../../src';
import { only, podSpec, testChart, variable } from '../support/synth';
import { synthError } from '../support/synth-error';

const program = (version: string) => NixProgram.flake(`github:owner/echo/v${version}`);

function synth(version: string): any[] {
  const chart = testChart();
  const { environment } = new NixDeployment(chart, 'echo', { programs: [program(version)] });
  new NixProgramPrefetch(chart, 'ahead', { environment });
  return Testing.synth(chart);
}

describe('a Job that brings programs ahead', () => {
  const pods = () => {
    const objects = synth('1.2.3');
    return [only(objects, 'Job'), only(objects, 'Deployment')].map(object => object.spec.template.spec);
  };

  test('brings what the pod would bring, to where the pod looks for it', () => {
    const [job, deployment] = pods();
    const step = deployment.initContainers.find((container: any) => container.name === 'seed-nix-store');
    expect(job.containers[0]).toMatchObject({ name: 'bring-programs', args: step.args });
    expect(variable(job.containers[0], 'PROGRAMS_SET')).toBe(variable(step, 'PROGRAMS_SET'));
    expect(job.initContainers.map((container: any) => container.args)).toEqual([undefined]);
  });

  test('runs again when a program changes, on the node that has the volume', () => {
    const name = (version: string) => only(synth(version), 'Job').metadata.name;
    expect(name('1.2.3')).toBe(name('1.2.3'));
    expect(name('1.2.4')).not.toBe(name('1.2.3'));
    expect(pods()[0].affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution).toHaveLength(1);
    expect(synth('1.2.3')).toBeValidKubernetes();
    expect(synth('1.2.3')).toBeRestricted();
  });

  test('keeps what still runs, whatever is kept for rollbacks', () => {
    const chart = testChart();
    const { environment } = new NixDeployment(chart, 'echo', { programs: [program('1.2.3')], bringPrograms: { keepFormer: 0 } });
    new NixProgramPrefetch(chart, 'ahead', { environment });
    const told = (container: any) => ['PROGRAMS_KEEP', 'PROGRAMS_AHEAD'].map(name => container.env.find((entry: any) => entry.name === name)?.value);
    expect(told(podSpec(chart, 'Job').containers[0])).toEqual(['0', 'yes']);
    expect(told(podSpec(chart).initContainers[0])).toEqual(['0', undefined]);
  });

  test('may end before the workload is changed, in Argo CD\'s waves', () => {
    const chart = testChart();
    const workload = new NixDeployment(chart, 'echo', { programs: [program('1.2.3')] });
    new NixProgramPrefetch(chart, 'ahead', { environment: workload.environment });
    ApiObject.of(workload).metadata.addAnnotation('argocd.argoproj.io/sync-wave', '1');
    GitOps.argoCd(chart);
    expect(only(Testing.synth(chart), 'Deployment').metadata.annotations['argocd.argoproj.io/sync-wave']).toBe('1');
  });

  test('needs programs, and a store that a second pod can mount', () => {
    const chart = testChart();
    const { environment } = new NixDeployment(chart, 'echo');
    expect(() => new NixProgramPrefetch(chart, 'ahead', { environment })).toThrow('CDK8SNIX1205 test/ahead: test/echo/Nix has no programs yet');
    expect(synthError(other => {
      const workload = new NixDeployment(other, 'echo', { programs: [program('1.2.3')] });
      new NixProgramPrefetch(other, 'ahead', { environment: workload.environment });
      workload.addContainer(workload.environment.containerFor(NixProgram.flake('github:owner/other/v1.2.0', { name: 'late' })));
    })).toContain('CDK8SNIX1205 test/echo/Nix got another program after this');
    expect(synthError(other => {
      const workload = new NixDeployment(other, 'echo', { store: NixStore.ephemeral(), programs: [program('1.2.3')] });
      new NixProgramPrefetch(other, 'ahead', { environment: workload.environment });
    })).toContain('CDK8SNIX0701');
  });
});
