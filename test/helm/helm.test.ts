import * as path from 'path';
import { Chart, Helm, Testing } from 'cdk8s';
import { helm } from './helm';
import { NixEnableOptions, NixEnvironment, NixStore } from '../../src';
import { kubernetesProblems } from '../support/kubernetes-schema';
import { only, testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

/* eslint-disable @typescript-eslint/no-explicit-any */

let executable: string;
beforeAll(() => {
  executable = helm();
});

/** A release of the chart beside this file, with Nix in what the options select. */
function install(chart: Chart, values: { [name: string]: unknown }, options?: NixEnableOptions): void {
  const portal = new Helm(chart, 'portal', {
    chart: path.join(__dirname, 'chart'), releaseName: 'portal', namespace: 'portals', values, helmExecutable: executable,
  });
  // The Deployment and the Job run side by side.
  new NixEnvironment(chart, 'nix', { store: NixStore.ephemeral() }).enable(portal, options);
}

function manifests(values: { [name: string]: unknown }, options?: NixEnableOptions): any[] {
  const chart = testChart('portals');
  install(chart, values, options);
  const written = Testing.synth(chart);
  expect(kubernetesProblems(written)).toEqual([]);
  return written;
}

const mountsOf = ({ spec }: any): string[] => spec.template.spec.containers[0].volumeMounts?.map((mount: any) => mount.mountPath) ?? [];

test('every pod of a Helm chart gets Nix, and what its values say stays', () => {
  const written = manifests({ image: 'registry.example.org/portal:2.0.0', replicas: 3 });
  const deployment = only(written, 'Deployment');
  expect(deployment.spec.replicas).toBe(3);
  expect(deployment.spec.template.spec.containers[0]).toMatchObject({ name: 'portal', image: 'registry.example.org/portal:2.0.0' });
  expect(deployment.metadata).toMatchObject({ name: 'portal', labels: { 'app.kubernetes.io/managed-by': 'Helm' } });
  expect(mountsOf(deployment)).toContain('/nix');
  expect(mountsOf(only(written, 'Job'))).toContain('/nix');
});

test('only what is selected gets it', () => {
  const written = manifests({}, { select: [{ kind: 'Deployment', name: 'portal' }] });
  expect(mountsOf(only(written, 'Deployment'))).toContain('/nix');
  expect(mountsOf(only(written, 'Job'))).toEqual([]);
});

test('a hook cannot share what the rest of the release brings', () => {
  const error = synthErrorOf(chart => install(chart, { hook: true }));
  expect(error).toContain('CDK8SNIX1005 ConfigMap');
  expect(error).toContain('got "pre-install"');
});

test('what a value took out of the chart cannot be selected', () => {
  expect(synthErrorOf(chart => install(chart, { migrate: false }, { select: [{ kind: 'Job' }] }))).toMatch(/^CDK8SNIX\d{4} .*Job/m);
});
