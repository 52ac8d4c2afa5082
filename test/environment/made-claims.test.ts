import { ApiObject, Chart, Cron, JsonPatch, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { IConstruct } from 'constructs';
import { NixDeployment, NixEnvironment, NixEnvironmentProps, NixHome, NixStore, NixStoreVerification } from '../../src';
import { testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

const { READ_WRITE_MANY, READ_WRITE_ONCE, READ_WRITE_ONCE_POD } = kplus.PersistentVolumeAccessMode;
const claim = (spec: object, name = 'tools') => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec });
const modes = (...accessModes: string[]) => ({ accessModes, resources: { requests: { storage: '10Gi' } } });

const containers = [{ image: 'example/app:1' }];
const single = (chart: Chart, id: string) =>
  new kplus.Deployment(chart, id, { containers, replicas: 1, strategy: kplus.DeploymentStrategy.recreate() });
const job = (chart: Chart, id: string) => new kplus.Job(chart, id, { containers });

/** What synth says of an environment on the claim `tools` of its app. */
function said(spec: object, props: NixEnvironmentProps, ...workloads: Array<(chart: Chart, id: string) => IConstruct>): string {
  return synthErrorOf(chart => {
    new ApiObject(chart, 'claim', claim(spec));
    const nix = new NixEnvironment(chart, 'nix', props);
    workloads.forEach((make, i) => nix.enable(make(chart, `theirs-${i}`)));
  });
}

const existing = NixStore.existing('tools');
const shared = NixStore.existing('tools', { accessModes: [READ_WRITE_MANY], shared: true });
const alone = NixStore.existing('tools', { accessModes: [READ_WRITE_ONCE_POD] });
const home = (accessModes = [READ_WRITE_ONCE]) => ({ store: NixStore.emptyDir(), home: NixHome.existing('tools', { accessModes }) });

test.each<[string, object, NixEnvironmentProps, string]>([
  ['for one node, and shared', modes('ReadWriteOnce'), { store: shared },
    'store.accessModes: got ["ReadWriteOnce"]. The claim tools is for one node or pod, and the others would wait for it for ever. Give it ReadWriteMany, or say here what it has: accessModes.'],
  ['for one pod', modes('ReadWriteOncePod'), { store: existing },
    'store.accessModes: got ["ReadWriteOncePod"]. The claim tools is for one pod, and the others would wait for it for ever. Say so here, accessModes: [READ_WRITE_ONCE_POD], or give it ReadWriteOnce.'],
  ['to be read', modes('ReadOnlyMany'), { store: existing }, 'store.accessModes: got ["ReadOnlyMany"]. The claim tools can only be read. Give it ReadWriteOnce.'],
  ['a device', { ...modes('ReadWriteOnce'), volumeMode: 'Block' }, { store: existing }, 'store.volumeMode: got "Block". The claim tools is a device without a file system. Leave out its volumeMode.'],
  ['for one node, and shared as home', modes('ReadWriteOnce'), home([READ_WRITE_MANY]), 'home.accessModes: got ["ReadWriteOnce"].'],
])('a claim %s', (_, spec, props, message) => {
  expect(said(spec, props, single, job)).toContain(`[test/nix] CDK8SNIX0220 ${message}`);
});

test.each<[string, object, string, object]>([
  ['as kubectl prints them', modes('RWO'), 'accessModes: got ["RWO"]. The claim tools has what Kubernetes does not know there. '
    + 'It is a list of ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod. Write ["ReadWriteOnce"].', modes('ReadWriteOnce')],
  ['several', modes('RWX', 'readWriteOnce'), 'Write ["ReadWriteMany","ReadWriteOnce"].', modes('ReadWriteMany', 'ReadWriteOnce')],
  ['as constants', modes('READ_WRITE_ONCE'), 'Write ["ReadWriteOnce"].', modes('ReadWriteOnce')],
  ['without a list', { ...modes(), accessModes: 'ReadWriteOnce' }, 'accessModes: got "ReadWriteOnce". ', modes('ReadWriteOnce')],
  ['nobody knows', modes('Shared'), 'Write ["ReadWriteOnce"], for example.', modes('ReadWriteOnce')],
  ['of a volume mode', { ...modes('ReadWriteOnce'), volumeMode: 'FileSystem' }, 'volumeMode: got "FileSystem". The claim tools has what Kubernetes does not know there. '
    + 'It is Filesystem or Block. Write Filesystem.', { ...modes('ReadWriteOnce'), volumeMode: 'Filesystem' }],
])('words %s are told', (_, spec, message, instead) => {
  const refused = said(spec, { store: existing }, single);
  expect(refused).toContain('[test/nix] CDK8SNIX0220 store.');
  expect(refused).toContain(message);
  expect(said(instead, { store: existing }, single)).toBe('');
});

test.each<[string, object, NixEnvironmentProps]>([
  ['what it is', modes('ReadWriteOnce'), { store: existing }], ['for one pod', modes('ReadWriteOncePod'), { store: alone }], ['shared', modes('ReadWriteMany'), { store: shared }],
  ['for fewer pods than it could have', modes('ReadWriteMany'), { store: existing }], ['one of what it has', modes('ReadWriteOnce', 'ReadWriteMany'), { store: shared }],
  ['a home', modes('ReadWriteOnce'), home()], ['without access modes', {}, { store: shared }],
])('a claim taken for %s is fine', (_, spec, props) => {
  expect(said(spec, props)).toBe('');
});

describe('one pod alone can use any claim', () => {
  test.each<[string, object, NixEnvironmentProps]>([
    ['for one pod', modes('ReadWriteOncePod'), { store: existing }], ['for one pod, as home', modes('ReadWriteOncePod'), home()],
  ])('%s', (_, spec, props) => {
    expect(said(spec, props, single)).toBe('');
    expect(said(spec, props, job, job)).toBe('');
    expect(synthErrorOf(chart => {
      new ApiObject(chart, 'claim', claim(spec));
      const environment = new NixEnvironment(chart, 'nix', props);
      environment.enable(single(chart, 'theirs'));
      new NixStoreVerification(chart, 'care', { environment, schedule: Cron.weekly() });
    })).toContain('CDK8SNIX0220');
    expect(said(spec, props, single, single)).toContain('CDK8SNIX0220');
  });

  test.each<[string, 'NixStore' | 'NixHome', (volume: kplus.Volume) => NixEnvironmentProps]>([
    ['store', 'NixStore', volume => ({ store: NixStore.fromVolume(volume) })], ['home', 'NixHome', volume => ({ store: NixStore.emptyDir(), home: NixHome.fromVolume(volume) })],
  ])('by a volume, as %s', (prop, factory, props) => {
    const onVolume = (...workloads: Array<(chart: Chart, id: string) => IConstruct>): string => synthErrorOf(chart => {
      const theirs = new kplus.PersistentVolumeClaim(chart, 'claim', { metadata: { name: 'tools' }, accessModes: [READ_WRITE_ONCE], storage: Size.gibibytes(10) });
      const nix = new NixEnvironment(chart, 'nix', props(kplus.Volume.fromPersistentVolumeClaim(chart, 'volume', theirs)));
      workloads.forEach((make, i) => nix.enable(make(chart, `theirs-${i}`)));
    });
    const refusal = `[test/nix] CDK8SNIX0220 ${prop}.accessModes: got ["ReadWriteOnce"]. The claim tools is for one node or pod, and the others would wait for it for ever. `
      + `Use ${factory}.existing("tools"), with its access modes.`;
    expect(onVolume(single)).toBe('');
    expect(onVolume(job)).toBe('');
    expect(onVolume(single, job)).toContain(refusal);
    expect(onVolume((chart, id) => new kplus.Deployment(chart, id, { containers, replicas: 2 }))).toContain(refusal);
    // The new pod of an update would wait for the old one.
    expect(onVolume((chart, id) => new kplus.Deployment(chart, id, { containers, replicas: 1 }))).toContain(refusal);
  });
});

test('by a volume, of which nobody says the access modes', () => {
  const onVolume = (...accessModes: kplus.PersistentVolumeAccessMode[]) => synthErrorOf(chart => {
    const theirs = new kplus.PersistentVolumeClaim(chart, 'claim', { metadata: { name: 'tools' }, accessModes, storage: Size.gibibytes(10) });
    new NixDeployment(chart, 'theirs', { replicas: 3, store: NixStore.fromVolume(kplus.Volume.fromPersistentVolumeClaim(chart, 'volume', theirs)) });
  });
  expect(onVolume(READ_WRITE_ONCE)).toContain('[test/theirs/Nix] CDK8SNIX0220 store.accessModes: got ["ReadWriteOnce"]. The claim tools is for one node or pod, '
    + 'and the others would wait for it for ever. Use NixStore.existing("tools"), with its access modes.');
  expect(onVolume(READ_WRITE_MANY)).toBe('');
});

test('in a List, as patches leave it, and of the namespace of the pods', () => {
  expect(synthErrorOf(chart => {
    new ApiObject(chart, 'list', { apiVersion: 'v1', kind: 'List', items: [claim(modes('ReadOnlyMany'))] });
    new NixEnvironment(chart, 'nix', { store: existing });
  })).toContain('CDK8SNIX0220');
  expect(synthErrorOf(chart => {
    new ApiObject(chart, 'claim', claim(modes('ReadOnlyMany'))).addJsonPatch(JsonPatch.replace('/spec/accessModes/0', 'ReadWriteOnce'));
    new NixEnvironment(chart, 'nix', { store: existing });
  })).toBe('');
  expect(synthErrorOf(chart => {
    new ApiObject(new Chart(chart, 'other', { namespace: 'other' }), 'claim', claim(modes('ReadOnlyMany')));
    new NixEnvironment(chart, 'nix', { store: existing });
  })).toBe('');
});

test('one that comes between two syntheses is seen', () => {
  const chart = testChart();
  new NixEnvironment(chart, 'nix', { store: existing });
  Testing.synth(chart);
  new ApiObject(chart, 'claim', claim(modes('ReadOnlyMany')));
  expect(() => Testing.synth(chart)).toThrow('CDK8SNIX0220');
});

test('one of our own is what it was made for, or what a patch makes of it', () => {
  const patched = (patch: JsonPatch, count: number, store = NixStore.persistent()): string => synthErrorOf(chart => {
    const nix = new NixEnvironment(chart, 'nix', { store });
    ApiObject.of(nix.claim!).addJsonPatch(patch);
    Array.from({ length: count }, (_, i) => nix.enable(single(chart, `theirs-${i}`)));
  });
  const accessModes = (mode: string): JsonPatch => JsonPatch.replace('/spec/accessModes', [mode]);
  expect(patched(accessModes('ReadWriteOncePod'), 1)).toBe('');
  expect(patched(accessModes('ReadWriteOncePod'), 2)).toContain('[test/nix] CDK8SNIX0220 store.accessModes: got ["ReadWriteOncePod"].');
  expect(patched(accessModes('ReadOnlyMany'), 1)).toContain('CDK8SNIX0220 store.accessModes: got ["ReadOnlyMany"].');
  expect(patched(JsonPatch.add('/spec/volumeMode', 'Block'), 1)).toContain('CDK8SNIX0220 store.volumeMode: got "Block".');
  expect(patched(accessModes('ReadWriteOnce'), 1, NixStore.persistent({ accessModes: [READ_WRITE_MANY], shared: true }))).toContain('Give it ReadWriteMany');
  expect(patched(JsonPatch.add('/metadata/labels', { team: 'x' }), 2)).toBe('');
});
