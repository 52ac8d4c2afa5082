import { Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { BackstageNixProps, BackstagePreset, NixUser } from '../../src';
import { only, podSpec, testChart, variable } from '../support/synth';
import { synthError } from '../support/synth-error';
import { bundled, portal } from './support/portal';

function synth(props: Partial<BackstageNixProps>): { manifests: any[]; chart: Chart; container: any } {
  const chart = testChart('portal');
  portal(chart, { database: bundled(chart), selector: { app: 'backstage' }, ...props });
  const manifests = Testing.synth(chart);
  expect(manifests).toBeValidKubernetes();
  return { manifests, chart, container: podSpec(chart).containers[0] };
}

/** What gives a command the variables of the home's session. */
const SESSION = ['sh', '/etc/cdk8s-nix/session.sh'];

const SCRIPT = expect.stringContaining('mkdir -p /home/code/workspace; trap');

test('a portal to work on sleeps, without probes, beside a folder for its source', () => {
  const { container, manifests } = synth({ development: {} });
  expect(manifests).toBeRestricted();
  expect([container.command, container.args]).toEqual([[...SESSION, 'sh', '-c', SCRIPT], undefined]);
  expect(Object.keys(container).filter(field => field.endsWith('Probe'))).toEqual([]);
  expect([variable(container, 'NODE_ENV'), variable(container, 'LOG_LEVEL')]).toEqual(['development', 'debug']);
});

test('its labels, containers, ports and Service are those of the real one', () => {
  const contract = ({ manifests, container }: ReturnType<typeof synth>) => ({
    labels: only(manifests, 'Deployment').spec.template.metadata.labels,
    selector: only(manifests, 'Deployment').spec.selector,
    name: container.name,
    ports: container.ports,
    services: manifests.filter(m => m.kind === 'Service'),
  });
  expect(contract(synth({ development: {} }))).toEqual(contract(synth({ preset: BackstagePreset.STAGING })));
});

test('what runs the real one is not run, and what else it has stays', () => {
  const { container } = synth({
    development: {},
    container: {
      command: ['yarn'], args: ['start'], readiness: kplus.Probe.fromTcpSocket({ port: 7007 }), envVariables: { REGION: kplus.EnvValue.fromValue('north') },
    },
  });
  expect([container.command, container.args, container.readinessProbe]).toEqual([[...SESSION, 'sh', '-c', SCRIPT], undefined, undefined]);
  expect(variable(container, 'REGION')).toBe('north');
});

test('its root can be written if asked for', () => {
  const isReadOnly = (props: Partial<BackstageNixProps>) => synth(props).container.securityContext.readOnlyRootFilesystem;
  expect(isReadOnly({ development: {} })).toBe(true);
  expect(isReadOnly({ development: { writableRoot: true } })).toBe(false);
  expect(isReadOnly({ development: {}, container: { securityContext: { readOnlyRootFilesystem: false } } })).toBe(false);
});

test('the folder is in the home of its user, wherever that is', () => {
  const script = (props: Partial<BackstageNixProps>) => synth(props).container.command.at(-1);
  expect(script({ development: {}, user: NixUser.of({ uid: 1000, name: 'node' }) })).toContain('mkdir -p /home/node/workspace;');
  expect(script({ development: { folder: '/home/code/src/portal' } })).toContain('mkdir -p /home/code/src/portal;');
});

test.each<[string, Partial<BackstageNixProps>, string, string]>([
  ['a folder outside of the home', { development: { folder: '/app' } }, 'CDK8SNIX0913 development.folder: got "/app"', '/home/code/workspace'],
  ['a folder that a shell would expand', { development: { folder: '/home/code/$(id)' } }, 'CDK8SNIX0913 development.folder', '/home/code/workspace'],
  ['the home itself', { development: { folder: '/home/code' } }, 'CDK8SNIX0913 development.folder', 'below it'],
  ['a portal that sleeps in production', { development: {}, preset: BackstagePreset.PRODUCTION }, 'CDK8SNIX0902 development: got {}', 'another preset'],
])('refused: %s', (_, props, what, remedy) => {
  const message = synthError(chart => portal(chart, props));
  expect(message).toContain(what);
  expect(message).toContain(remedy);
});
