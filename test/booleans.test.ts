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
const image = (requirements: object) => (_: Chart) => { NixImage.recommend(requirements); };

/** Each property that is true or false, by where it stands. */
const CASES: { [place: string]: (chart: Chart) => void } = {
  'ArgoCdOptions keepClaims': chart => GitOps.argoCd(chart, { keepClaims: NO }),
  'FluxOptions keepClaims': chart => GitOps.flux(chart, { keepClaims: NO }),
  'NixConfigProps defaultSubstituter': chart => deployment({ config: { defaultSubstituter: NO } })(chart),
  'NixBinaryCacheProps retain': chart => { new NixBinaryCache(chart, 'cache', { retain: NO }); },
  'NixBinaryCacheProps networkPolicy': chart => { new NixBinaryCache(chart, 'cache', { networkPolicy: NO }); },
  'NixEnableOptions leaveOthersAlone': chart => {
    new NixEnvironment(chart, 'nix').enable(new kplus.Deployment(chart, 'app', { containers: [{ image: 'example/app:1' }] }), { leaveOthersAlone: NO });
  },
  'NixWorkloadOptions leaveOthersAlone': chart => deployment({ leaveOthersAlone: NO })(chart),
  'NixImageRequirements existingImage': chart => image({ existingImage: NO })(chart),
  'NixImageRequirements backstage': chart => image({ backstage: NO })(chart),
  'NixImageRequirements pipeline': chart => image({ pipeline: NO })(chart),
  'NixImageRequirements immutable': chart => image({ immutable: NO })(chart),
  'NixImageRequirements persistentVolume': chart => image({ persistentVolume: NO })(chart),
  'NixImageOptions allowLatest': chart => deployment({ image: NixImage.of('example/nix:latest', { allowLatest: NO }) })(chart),
  'NixFlakeProgramOptions allowMoving': chart => deployment({ programs: [flake({ allowMoving: NO })] })(chart),
  'NixBringProgramsOptions allowBuilds': chart => deployment({ programs: [flake()], bringPrograms: { allowBuilds: NO } })(chart),
  'NixStoreVerificationProps repair': chart => { new NixStoreVerification(chart, 'verify', { environment: environment(chart), repair: NO }); },
  'NixStoreVerificationProps checkContents': chart => { new NixStoreVerification(chart, 'verify', { environment: environment(chart), checkContents: NO }); },
  'NixGarbageCollectionOptions optimise': chart => { new NixGarbageCollection(chart, 'gc', { environment: environment(chart), optimise: NO }); },
  'NixGarbageCollectionOptions forgetUnseenRoots': chart => environment(chart).collectGarbage({ forgetUnseenRoots: NO }),
  'NixPrefetchAtStartOptions required': chart => environment(chart).prefetch({ packages: ['github:owner/tool/v1.0.0#tool'], required: NO }),
  'PersistentHomeOptions retain': chart => deployment({ home: NixHome.persistent({ retain: NO }) })(chart),
  'HomeManagerActivationOptions sessionVariables': chart => deployment({ homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL, { sessionVariables: NO }) })(chart),
  'HomeManagerFlakeOptions acceptFlakeConfig': chart => deployment({ homeManager: HomeManager.flake('github:owner/home/v1.0.0', 'code', { acceptFlakeConfig: NO }) })(chart),
  'HomeManagerFlakeOptions impure': chart => deployment({ homeManager: HomeManager.flake('github:owner/home/v1.0.0', 'code', { impure: NO }) })(chart),
  'NpmAssistantOptions managed': chart => deployment({
    homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL), assistants: [AiAssistant.codex({ managed: NO })],
  })(chart),
  'AiAssistantOptions keyless': chart => deployment({
    homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL), assistants: [AiAssistant.aichat({ baseUrl: 'https://gateway.example.org', keyless: NO })],
  })(chart),
  'GeminiOptions trustFolders': chart => deployment({
    homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL), assistants: [AiAssistant.gemini({ trustFolders: NO })],
  })(chart),
  'PersistentStoreOptions shared': chart => deployment({ store: NixStore.persistent({ shared: NO }) })(chart),
  'PersistentStoreOptions retain': chart => deployment({ store: NixStore.persistent({ retain: NO }) })(chart),
  'ExistingStoreOptions shared': chart => deployment({ store: NixStore.existing('claim', { shared: NO }) })(chart),
  'NixSeedOptions jsonLog': chart => deployment({ seed: { jsonLog: NO } })(chart),
  'CsiStoreOptions readOnly': chart => deployment({ image: NixImage.of('example/debian:13'), store: NixStore.csi({ driver: 'nix.example.org', readOnly: NO }) })(chart),
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
