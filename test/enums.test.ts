import * as fs from 'fs';
import * as path from 'path';
import { Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  BackstageDatabase, BackstageNix, BackstageNixProps, HomeManager, HomeManagerProfile, NixBinaryCache, NixDeployment, NixDeploymentProps,
  NixEnvironment, NixHome, NixImage, NixImageRecipe, NixStatefulSet, NixStore, NixStorePrefetch, PerReplicaStoreOptions, PodSecurity,
  RestrictedNamespace,
} from '../src';
import { synthError } from './support/synth-error';

/** What a compiler would not let pass; JavaScript has none. */
const NOPE = 'nope' as any;

const deployment = (props: NixDeploymentProps) => (chart: Chart) => { new NixDeployment(chart, 'workspace', props); };
const perReplica = (options: PerReplicaStoreOptions) => (chart: Chart) => { new NixStatefulSet(chart, 'workspace', { store: NixStore.perReplica(options) }); };
const volume = (chart: Chart) => kplus.Volume.fromPersistentVolumeClaim(chart, 'Volume', kplus.PersistentVolumeClaim.fromClaimName(chart, 'Claim', 'claim'));
const portal = (options: Partial<BackstageNixProps>) => (chart: Chart) => {
  const password = { secret: kplus.Secret.fromSecretName(chart, 'Secret', 'database'), key: 'password' };
  new BackstageNix(chart, 'portal', {
    image: NixImage.of('example/portal:1'), baseUrl: 'https://portal.example.org', database: BackstageDatabase.existing({ host: 'db', password }), ...options,
  });
};

/** Each property and parameter that is of an enum, by where it stands. */
const CASES: { [place: string]: (chart: Chart) => void } = {
  'HomeManager.profile profile': chart => deployment({ homeManager: HomeManager.profile(NOPE) })(chart),
  'HomeManager.prebuilt profile': chart => deployment({ image: NixImage.of('example/nix:1'), homeManager: HomeManager.prebuilt(NOPE) })(chart),
  'HomeManagerActivationOptions onFailure': chart => deployment({ homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL, { onFailure: NOPE }) })(chart),
  'HomeManagerOptions refresh': chart => deployment({ homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL, { refresh: NOPE }) })(chart),
  'NixPrefetchOptions refresh': chart => {
    new NixStorePrefetch(chart, 'prefetch', { environment: new NixEnvironment(chart, 'nix'), packages: ['github:owner/tool/v1.0.0#tool'], refresh: NOPE });
  },
  'RestrictedNamespaceProps level': chart => { new RestrictedNamespace(chart, 'namespace', { level: NOPE }); },
  'PodSecurityOptions level': chart => PodSecurity.enforce(chart, { level: NOPE }),
  'NixEnableOptions podSecurity': chart => {
    new NixEnvironment(chart, 'nix').enable(new kplus.Deployment(chart, 'app', { containers: [{ image: 'example/app:1' }] }), { podSecurity: NOPE });
  },
  'NixWorkloadOptions podSecurity': chart => deployment({ podSecurity: NOPE })(chart),
  'PerReplicaStoreOptions whenDeleted': chart => perReplica({ whenDeleted: NOPE })(chart),
  'PerReplicaStoreOptions whenScaled': chart => perReplica({ whenScaled: NOPE })(chart),
  'PerReplicaStoreOptions architecture': chart => perReplica({ architecture: NOPE })(chart),
  'PersistentStoreOptions architecture': chart => deployment({ store: NixStore.persistent({ architecture: NOPE }) })(chart),
  'PersistentStoreOptions accessModes': chart => deployment({ store: NixStore.persistent({ accessModes: [NOPE] }) })(chart),
  'ExistingStoreOptions architecture': chart => deployment({ store: NixStore.existing('claim', { architecture: NOPE }) })(chart),
  'ExistingStoreOptions accessModes': chart => deployment({ store: NixStore.existing('claim', { accessModes: [NOPE] }) })(chart),
  'PersistentHomeOptions accessModes': chart => deployment({ home: NixHome.persistent({ accessModes: [NOPE] }) })(chart),
  'ExistingHomeOptions accessModes': chart => deployment({ home: NixHome.existing('claim', { accessModes: [NOPE] }) })(chart),
  'VolumeStoreOptions architecture': chart => deployment({ store: NixStore.fromVolume(volume(chart), { architecture: NOPE }) })(chart),
  'EmptyDirStoreOptions medium': chart => deployment({ store: NixStore.emptyDir({ medium: NOPE }) })(chart),
  'NixSeedOptions imagePullPolicy': chart => deployment({ seed: { imagePullPolicy: NOPE } })(chart),
  'NixBinaryCacheProps imagePullPolicy': chart => { new NixBinaryCache(chart, 'cache', { imagePullPolicy: NOPE }); },
  'BackstagePortalOptions preset': portal({ preset: NOPE }),
  'BackstageProbesOptions scheme': portal({ probes: { scheme: NOPE } }),
  'NixImageRecipe.of kind': () => { NixImageRecipe.of(NOPE); },
};

test.each(Object.entries(CASES))('%s has no value but those of its enum', (place, build) => {
  const message = synthError(build);
  expect(message).toContain(place.startsWith('NixImageRecipe') ? 'CDK8SNIX0104' : 'CDK8SNIX1302');
  expect(message).toContain('"nope"');
  expect(message).toContain(place.split(' ')[1]);
  expect(message).toMatch(/Use one of:? "?\S+, /);
});

test('PodSecurity.check refuses a profile that there is not, rather than finding nothing', () => {
  expect(() => synthError(chart => PodSecurity.check(chart, { level: NOPE }))).not.toThrow('synth accepted it');
});

test('no enum of the public API is left out', () => {
  const sources = files(path.join(__dirname, '../src')).map(file => fs.readFileSync(file, 'utf-8'));
  const enums = [...sources.flatMap(source => all(source, /^export enum (\w+)/gm).map(([, name]) => name)), ...Object.keys(kplus).filter(isEnum)];
  const ofEnum = `(?:kplus\\.)?(?:${enums.join('|')})(?:\\[\\])?`;
  const publicFiles = fs.readFileSync(path.join(__dirname, '../src/index.ts'), 'utf-8');
  const found = files(path.join(__dirname, '../src')).filter(file => publicFiles.includes(`/${path.basename(file, '.ts')}'`)).flatMap(file => {
    const source = fs.readFileSync(file, 'utf-8');
    const places = [...all(source, /^(export )?(?:interface|(?:abstract )?class) (\w+)/gm)];
    const holder = (member: Match) => places.filter(place => place.index < member.index).at(-1)!;
    const properties = all(source, new RegExp(`^  readonly (\\w+)\\??: ${ofEnum};`, 'gm')).filter(match => holder(match)[1]);
    const parameters = all(source, new RegExp(`^  public static (\\w+)\\((?:.*, )?(\\w+)\\??: ${ofEnum}`, 'gm'));
    return [...properties.map(match => `${holder(match)[2]} ${match[1]}`), ...parameters.map(match => `${holder(match)[2]}.${match[1]} ${match[2]}`)];
  });
  // What the library itself says is not asked of anybody.
  const told = found.filter(place => !['NixImageRecommendation', 'PodSecurityViolation'].includes(place.split(' ')[0]));
  expect(told.sort()).toEqual(Object.keys(CASES).sort());
});

function isEnum(name: string): boolean {
  const value = (kplus as any)[name];
  return typeof value === 'object' && value !== null && Object.values(value).every(member => ['string', 'number'].includes(typeof member));
}

function files(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? files(path.join(folder, entry.name)) : [path.join(folder, entry.name)]);
}

type Match = RegExpMatchArray & { index: number };

function all(source: string, pattern: RegExp): Match[] {
  return [...source.matchAll(pattern)] as Match[];
}
