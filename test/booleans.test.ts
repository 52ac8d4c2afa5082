import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { Chart } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  AiAssistant, BackstageDatabase, BackstageImages, BackstageNix, BackstageNixProps, GitOps, HomeManager, HomeManagerProfile, NixBinaryCache,
  NixDeployment, NixDeploymentProps, NixEnvironment, NixGarbageCollection, NixHome, NixImage, NixProgram, NixStore, NixStoreVerification,
} from '../src';
import { synthError } from './support/synth-error';

/** What a compiler would not let pass; JavaScript has none, and takes it for yes. */
const NO = 'no' as any;

const deployment = (props: NixDeploymentProps) => (chart: Chart) => { new NixDeployment(chart, 'workspace', props); };
const environment = (chart: Chart) => new NixDeployment(chart, 'workspace').environment;
const portal = (options: (chart: Chart) => Partial<BackstageNixProps>) => (chart: Chart) => {
  new BackstageNix(chart, 'portal', {
    image: NixImage.of('example/portal:1'),
    baseUrl: 'https://portal.example.org',
    database: BackstageDatabase.existing({ host: 'db', password: password(chart) }),
    ...options(chart),
  });
};
const password = (chart: Chart) => ({ secret: secret(chart), key: 'password' });
const secret = (chart: Chart) => kplus.Secret.fromSecretName(chart, `Secret${chart.node.children.length}`, 'database');
const flake = (options = {}) => NixProgram.flake('github:owner/echo/v1.2.3', options);
const image = (requirements: object) => () => { NixImage.recommend(requirements); };

/** Each property that is true or false, by where it stands. */
const CASES: { [place: string]: (chart: Chart) => void } = {
  'ArgoCdOptions keepClaims': chart => GitOps.argoCd(chart, { keepClaims: NO }),
  'FluxOptions keepClaims': chart => GitOps.flux(chart, { keepClaims: NO }),
  'NixConfigProps defaultSubstituter': deployment({ config: { defaultSubstituter: NO } }),
  'NixBinaryCacheProps retain': chart => { new NixBinaryCache(chart, 'cache', { retain: NO }); },
  'NixBinaryCacheProps networkPolicy': chart => { new NixBinaryCache(chart, 'cache', { networkPolicy: NO }); },
  'NixEnableOptions leaveOthersAlone': chart => {
    new NixEnvironment(chart, 'nix').enable(new kplus.Deployment(chart, 'app', { containers: [{ image: 'example/app:1' }] }), { leaveOthersAlone: NO });
  },
  'NixWorkloadOptions leaveOthersAlone': deployment({ leaveOthersAlone: NO }),
  'NixImageRequirements existingImage': image({ existingImage: NO }),
  'NixImageRequirements backstage': image({ backstage: NO }),
  'NixImageRequirements pipeline': image({ pipeline: NO }),
  'NixImageRequirements immutable': image({ immutable: NO }),
  'NixImageRequirements persistentVolume': image({ persistentVolume: NO }),
  'NixImageOptions allowLatest': deployment({ image: NixImage.of('example/nix:latest', { allowLatest: NO }) }),
  'NixFlakeProgramOptions allowMoving': deployment({ programs: [flake({ allowMoving: NO })] }),
  'NixBringProgramsOptions allowBuilds': deployment({ programs: [flake()], bringPrograms: { allowBuilds: NO } }),
  'NixStoreVerificationProps repair': chart => { new NixStoreVerification(chart, 'verify', { environment: environment(chart), repair: NO }); },
  'NixStoreVerificationProps checkContents': chart => { new NixStoreVerification(chart, 'verify', { environment: environment(chart), checkContents: NO }); },
  'NixGarbageCollectionOptions optimise': chart => { new NixGarbageCollection(chart, 'gc', { environment: environment(chart), optimise: NO }); },
  'NixGarbageCollectionOptions forgetUnseenRoots': chart => environment(chart).collectGarbage({ forgetUnseenRoots: NO }),
  'NixPrefetchAtStartOptions required': chart => environment(chart).prefetch({ packages: ['github:owner/tool/v1.0.0#tool'], required: NO }),
  'PersistentHomeOptions retain': deployment({ home: NixHome.persistent({ retain: NO }) }),
  'HomeManagerActivationOptions sessionVariables': deployment({ homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL, { sessionVariables: NO }) }),
  'HomeManagerFlakeOptions acceptFlakeConfig': deployment({ homeManager: HomeManager.flake('github:owner/home/v1.0.0', 'code', { acceptFlakeConfig: NO }) }),
  'HomeManagerFlakeOptions impure': deployment({ homeManager: HomeManager.flake('github:owner/home/v1.0.0', 'code', { impure: NO }) }),
  'NpmAssistantOptions managed': deployment({
    homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL), assistants: [AiAssistant.codex({ managed: NO })],
  }),
  'AiAssistantOptions keyless': deployment({
    homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL), assistants: [AiAssistant.aichat({ baseUrl: 'https://gateway.example.org', keyless: NO })],
  }),
  'GeminiOptions trustFolders': deployment({
    homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL), assistants: [AiAssistant.gemini({ trustFolders: NO })],
  }),
  'PersistentStoreOptions shared': deployment({ store: NixStore.persistent({ shared: NO }) }),
  'PersistentStoreOptions retain': deployment({ store: NixStore.persistent({ retain: NO }) }),
  'ExistingStoreOptions shared': deployment({ store: NixStore.existing('claim', { shared: NO }) }),
  'NixSeedOptions jsonLog': deployment({ seed: { jsonLog: NO } }),
  'CsiStoreOptions readOnly': deployment({ image: NixImage.of('example/debian:13'), store: NixStore.csi({ driver: 'nix.example.org', readOnly: NO }) }),
  'BackstagePortalOptions clusterAccess': portal(() => ({ clusterAccess: NO })),
  'BackstageImagesOptions backstageNix': () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'images-'));
    try {
      fs.writeFileSync(path.join(folder, 'images.json'), '{"production": "example/portal:1"}');
      BackstageImages.fromFile(path.join(folder, 'images.json'), { backstageNix: NO });
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  },
  'BackstageHttpRouteOptions stripPath': portal(() => ({ httpRoute: { gateway: { name: 'public' }, stripPath: NO } as any })),
  'ExistingBackstageDatabaseOptions tls': portal(chart => ({ database: BackstageDatabase.existing({ host: 'db', password: password(chart), tls: NO }) })),
  'BackstageDatabaseSecretOptions tls': portal(chart => ({ database: BackstageDatabase.fromSecret({ secret: secret(chart), tls: NO }) })),
  'BackstageDevelopmentOptions writableRoot': portal(() => ({ development: { writableRoot: NO } as any })),
  'BackstageProbesOptions enabled': portal(() => ({ probes: { enabled: NO } })),
};

test.each(Object.entries(CASES))('%s is true or false', (place, build) => {
  const message = synthError(build);
  expect(message).toMatch(new RegExp(`CDK8SNIX1303 (\\S+\\.)?${place.split(' ')[1]}: got "no". It is true or false`));
});

test('no such property of the public API is left out', () => {
  const index = fs.readFileSync(path.join(__dirname, '../src/index.ts'), 'utf-8');
  const found = files(path.join(__dirname, '../src')).filter(file => index.includes(`/${path.basename(file, '.ts')}'`)).flatMap(file => {
    const parts = fs.readFileSync(file, 'utf-8').split(/^(?=(?:export )?(?:interface|(?:abstract )?class) \w)/m);
    return parts.flatMap(part => {
      const holder = /^export interface (\w+)/.exec(part);
      return holder ? [...part.matchAll(/^  readonly (\w+)\??: boolean;/gm)].map(([, name]) => `${holder[1]} ${name}`) : [];
    });
  });
  expect(found.sort()).toEqual(Object.keys(CASES).sort());
});

function files(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? files(path.join(folder, entry.name)) : [path.join(folder, entry.name)]);
}
