import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { ExistingStoreOptions, HomeManager, HomeManagerProfile, NixArchitecture, NixClaimRetention, NixEnvironment, NixEnvironmentProps, NixHome, NixStore, NixUser } from '../../src';
import { testChart } from '../support/synth';
import { synthErrorOf } from '../support/synth-error';

const { READ_WRITE_MANY, READ_WRITE_ONCE_POD } = kplus.PersistentVolumeAccessMode;
const LABELS = { app: 'theirs' };
const TEMPLATE = { metadata: { labels: LABELS }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } };

const on = (chart: Chart, id: string, options: ExistingStoreOptions = {}, props: NixEnvironmentProps = {}): NixEnvironment =>
  new NixEnvironment(chart, id, { ...props, store: NixStore.existing('tools', options) });

describe('two environments on one claim', () => {
  test.each<[string, ExistingStoreOptions, NixEnvironmentProps, string]>([
    ['another user', {}, { user: NixUser.of({ uid: 2000 }) }, 'user.uid: got 2000. test/one uses the claim tools with 1001: Nix works only for the owner of a store.'],
    ['another group', {}, { user: NixUser.of({ uid: 1001, gid: 2000 }) }, 'user.gid: got 2000. test/one uses the claim tools with 1001'],
    ['another fsGroup', {}, { user: NixUser.of({ uid: 1001, gid: 1001, fsGroup: 2000 }) }, 'user.fsGroup: got 2000'],
    ['another architecture', { architecture: NixArchitecture.ARM64 }, {}, 'store.architecture: got "arm64". test/one uses the claim tools with amd64'],
    ['other access modes', { accessModes: [READ_WRITE_MANY], shared: true }, {}, 'store.accessModes: got "ReadWriteMany". test/one uses the claim tools with ReadWriteOnce'],
  ])('exclude each other: %s', (_, options, props, message) => {
    expect(synthErrorOf(chart => {
      on(chart, 'one', { architecture: NixArchitecture.AMD64 });
      on(chart, 'two', options, props);
    })).toContain(`[test/two] CDK8SNIX0219 ${message}`);
  });

  test('by the name that a patch gives to it, too', () => {
    const renamed = (props: NixEnvironmentProps): string => synthErrorOf(chart => {
      const one = new NixEnvironment(chart, 'one');
      ApiObject.of(one.claim!).addJsonPatch(JsonPatch.replace('/metadata/name', 'tools'));
      on(chart, 'two', {}, { home: NixHome.existing('homes'), ...props });
    });
    expect(renamed({ user: NixUser.of({ uid: 2000, gid: 1001, fsGroup: 1001 }) })).toContain('[test/two] CDK8SNIX0219 user.uid: got 2000. test/one uses the claim tools with 1001');
    expect(renamed({ home: undefined })).toBe('');
  });

  test('of which one was removed are fine', () => {
    expect(synthErrorOf(chart => {
      on(chart, 'one');
      on(chart, 'two', {}, { user: NixUser.of({ uid: 2000 }) });
      chart.node.tryRemoveChild('one');
    })).toBe('');
  });

  test('may say the same, and one of them may leave out what the other says', () => {
    expect(synthErrorOf(chart => {
      on(chart, 'one', { architecture: NixArchitecture.AMD64 });
      on(chart, 'two');
      new NixEnvironment(chart, 'three', { store: NixStore.existing('others'), user: NixUser.of({ uid: 2000 }) });
    })).toBe('');
  });

  test('on another volume that pods share, too', () => {
    const volume = (make: (chart: Chart) => kplus.Volume): string => synthErrorOf(chart => {
      const store = NixStore.fromVolume(make(chart));
      new NixEnvironment(chart, 'one', { store });
      new NixEnvironment(chart, 'two', { store, user: NixUser.of({ uid: 2000, gid: 1001, fsGroup: 1001 }) });
    });
    expect(volume(chart => kplus.Volume.fromNfs(chart, 'Share', 'share', { server: 'nfs.example.org', path: '/team' })))
      .toContain('[test/two] CDK8SNIX0219 user.uid: got 2000. test/one uses the volume {"nfs":');
    expect(volume(chart => kplus.Volume.fromEmptyDir(chart, 'Scratch', 'scratch'))).toBe('');
  });

  test('are of one namespace: elsewhere it is another claim', () => {
    const chart = testChart();
    on(chart, 'one');
    const other = new Chart(chart, 'other', { namespace: 'other' });
    on(other, 'two', {}, { user: NixUser.of({ uid: 2000 }) });
    expect(other.node.validate()).toEqual([]);
    expect(chart.node.findAll().flatMap(construct => construct.node.validate())).toEqual([]);
  });

  test('for a single pod cannot both have a workload, of which one stays', () => {
    const together = (...kinds: string[]): string => synthErrorOf(chart => kinds.forEach((kind, i) => {
      const job = { template: { spec: { ...TEMPLATE.spec, restartPolicy: 'Never' } } };
      const spec = kind === 'Job' ? job : { selector: { matchLabels: LABELS }, template: TEMPLATE };
      const theirs = new ApiObject(chart, `theirs-${i}`, { apiVersion: kind === 'Job' ? 'batch/v1' : 'apps/v1', kind: kind === 'gone' ? 'Deployment' : kind, metadata: { name: `theirs-${i}` }, spec });
      on(chart, `nix-${i}`, { accessModes: [READ_WRITE_ONCE_POD] }).enable(theirs);
      if (kind === 'gone') {
        chart.node.tryRemoveChild(theirs.node.id);
      }
    }));
    expect(together('Deployment', 'Deployment')).toContain(
      '[test/nix-1] CDK8SNIX0219 store: got "ReadWriteOncePod". Several workloads need the claim tools at once: Deployment/theirs-1, Deployment/theirs-0 of test/nix-0.');
    expect(together('Deployment', 'Job')).toContain('Job/theirs-1, Deployment/theirs-0 of test/nix-0.');
    expect(together('Job', 'Job')).toBe('');
    expect(together('Deployment', 'gone')).toBe('');
  });
});

describe('two environments with one home', () => {
  const withHome = (chart: Chart, id: string, store: string, props: NixEnvironmentProps = {}, folder?: string): NixEnvironment => {
    const home = NixHome.existing('homes', { accessModes: [READ_WRITE_MANY], folder });
    return new NixEnvironment(chart, id, { store: NixStore.existing(store), home, ...props });
  };

  test('have one store, which its links lead into, and one user', () => {
    expect(synthErrorOf(chart => {
      withHome(chart, 'one', 'tools');
      withHome(chart, 'two', 'others', { user: NixUser.of({ uid: 2000 }) });
    }).split('\n').filter(line => line.includes('CDK8SNIX0219'))).toEqual([
      expect.stringMatching(/home\.user: got 2000\. test\/one uses the folder home of the claim homes with 1001: .*another folder of it/),
      expect.stringMatching(/home\.store: got "others"\. test\/one uses the folder home of the claim homes with tools: the links of a home/),
    ]);
    expect(synthErrorOf(chart => {
      withHome(chart, 'one', 'tools');
      withHome(chart, 'two', 'tools');
    })).toBe('');
  });

  test('have one home configuration, which may be that of one of them', () => {
    const profiles = (first: HomeManager | undefined, second: HomeManager | undefined) => synthErrorOf(chart => {
      withHome(chart, 'one', 'tools', { homeManager: first });
      withHome(chart, 'two', 'tools', { homeManager: second });
    });
    const ai = HomeManager.profile(HomeManagerProfile.AI);
    expect(profiles(ai, HomeManager.profile(HomeManagerProfile.MINIMAL))).toContain('CDK8SNIX0219 home.profile: got "container-minimal". test/one uses the folder '
      + 'home of the claim homes with container-ai: each start would activate its own home configuration over the other\'s. Say the same in both');
    expect(profiles(ai, HomeManager.flake('github:owner/repository', 'container-ai'))).toContain('got "github:owner/repository#container-ai"');
    expect(profiles(ai, HomeManager.profile(HomeManagerProfile.AI))).toBe('');
    expect(profiles(ai, undefined)).toBe('');
  });

  test('have one home configuration, where the home is on the volume of the store too', () => {
    const onStore = (make: (chart: Chart) => NixStore, ...homeManagers: Array<HomeManager | undefined>) => synthErrorOf(chart => {
      const store = make(chart);
      homeManagers.forEach((homeManager, i) => { new NixEnvironment(chart, `nix-${i}`, { store, home: NixHome.onStoreVolume(), homeManager }); });
    });
    const [ai, minimal] = [HomeManager.profile(HomeManagerProfile.AI), HomeManager.profile(HomeManagerProfile.MINIMAL)];
    const claim = () => NixStore.existing('tools');
    const share = (chart: Chart) => NixStore.fromVolume(kplus.Volume.fromNfs(chart, 'Share', 'share', { server: 'nfs.example.org', path: '/team' }));
    expect(onStore(claim, ai, minimal)).toContain('[test/nix-1] CDK8SNIX0219 home.profile: got "container-minimal". test/nix-0 uses the folder home of the claim tools with '
      + 'container-ai: each start would activate its own home configuration over the other\'s. Say the same in both, or give one a home of its own: NixHome.persistent()');
    expect(onStore(share, ai, minimal)).toContain('uses the folder home of the volume {"nfs":{"server":"nfs.example.org","path":"/team"}} with container-ai');
    expect(onStore(claim, ai, ai)).toBe('');
    expect(onStore(claim, ai, undefined)).toBe('');
    expect(onStore(() => NixStore.emptyDir(), ai, minimal)).toBe('');
  });

  test('have one user, which is said once where the store tells', () => {
    const other = { user: NixUser.of({ uid: 2000, gid: 1001, fsGroup: 1001 }) };
    expect(synthErrorOf(chart => {
      on(chart, 'one');
      on(chart, 'two', {}, other);
    }).match(/CDK8SNIX0219 [\w.]+/g)).toEqual(['CDK8SNIX0219 user.uid']);
    expect(synthErrorOf(chart => {
      on(chart, 'one');
      new NixEnvironment(chart, 'two', { ...other, store: NixStore.emptyDir(), home: NixHome.existing('tools') });
    }).match(/CDK8SNIX0219 [\w.]+/g)).toEqual(['CDK8SNIX0219 home.user']);
  });

  test('may have a folder of one claim each', () => {
    expect(synthErrorOf(chart => {
      withHome(chart, 'one', 'tools');
      withHome(chart, 'two', 'others', {}, 'two');
    })).toBe('');
  });
});

describe('what becomes of the claims of a StatefulSet', () => {
  const policy = (own: any, options: { readonly whenDeleted?: NixClaimRetention; readonly whenScaled?: NixClaimRetention }): any => {
    let written: any;
    const message = synthErrorOf(chart => {
      const spec = { serviceName: 'theirs', selector: { matchLabels: LABELS }, template: TEMPLATE, persistentVolumeClaimRetentionPolicy: own };
      const theirs = new ApiObject(chart, 'theirs', { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'theirs' }, spec });
      new NixEnvironment(chart, 'nix', { store: NixStore.perReplica(options) }).enable(theirs);
      written = () => theirs.toJson().spec.persistentVolumeClaimRetentionPolicy;
    });
    return message === '' ? written() : message;
  };

  test('is said field by field, by the StatefulSet or by the store', () => {
    expect(policy(undefined, {})).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
    expect(policy({ whenScaled: 'Delete' }, {})).toEqual({ whenDeleted: 'Retain', whenScaled: 'Delete' });
    expect(policy({ whenScaled: 'Delete' }, { whenDeleted: NixClaimRetention.DELETE })).toEqual({ whenDeleted: 'Delete', whenScaled: 'Delete' });
    expect(policy({ whenScaled: 'Delete' }, { whenScaled: NixClaimRetention.DELETE })).toEqual({ whenDeleted: 'Retain', whenScaled: 'Delete' });
  });

  test('is one thing', () => {
    expect(policy({ whenDeleted: 'Retain' }, { whenDeleted: NixClaimRetention.DELETE }))
      .toContain('[test/theirs] CDK8SNIX0218 persistentVolumeClaimRetentionPolicy.whenDeleted: got "Retain". The store says whenDeleted: "Delete"');
  });
});
