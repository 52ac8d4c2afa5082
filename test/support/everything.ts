import { App, Chart, Cron } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  AiAssistant, BackstageDatabase, BackstageNix, BackstagePreset, CaBundle, GitOps, HomeManager, HomeManagerProfile, NixBinaryCache,
  NixDeployment, NixGarbageCollection, NixImage, NixStatefulSet, NixStore, NixStorePrefetch, NixStoreVerification, RestrictedNamespace,
} from '../../src';

/** A chart with a bit of everything that brings text into the cluster. */
export function everything(app: App): Chart {
  const chart = new Chart(app, 'everything', { namespace: 'everything' });
  new RestrictedNamespace(chart, 'namespace', { metadata: { name: 'everything' } });
  const secret = kplus.Secret.fromSecretName(chart, 'Secret', 'credentials');
  const { environment } = new NixDeployment(chart, 'workspace', {
    homeManager: HomeManager.profile(HomeManagerProfile.AI),
    assistants: [AiAssistant.claude({ apiKey: kplus.EnvValue.fromSecretValue({ secret, key: 'anthropic' }) })],
    config: { netrc: { secret, key: 'netrc' }, extraNetrcs: [{ secret, key: 'more' }], accessTokens: { secret, key: 'tokens' } },
    caBundle: CaBundle.fromSecret(secret, 'ca'),
    proxy: { httpsProxy: 'http://proxy.example.org:3128' },
  });
  environment.collectGarbage();
  environment.prefetch({ packages: ['github:NixOS/nixpkgs/nixos-24.11#ripgrep'] });
  environment.useBinaryCache(new NixBinaryCache(chart, 'cache'));
  environment.restrictNetwork();
  const shared = new NixDeployment(chart, 'shared').environment;
  new NixGarbageCollection(chart, 'collection', { environment: shared });
  new NixStorePrefetch(chart, 'prefetch', { environment: shared, packages: ['github:NixOS/nixpkgs/nixos-24.11#hello'] });
  new NixStoreVerification(chart, 'verification', { environment: shared, schedule: Cron.daily() });
  new NixStatefulSet(chart, 'replicas', { store: NixStore.perReplica(), replicas: 2 });
  new BackstageNix(chart, 'portal', {
    image: NixImage.backstageNix({ repository: 'registry.example.org/team/portal', tag: '1.2.0' }),
    baseUrl: 'https://portal.example.org',
    preset: BackstagePreset.DEVELOPMENT,
    database: BackstageDatabase.bundled({ password: { secret, key: 'postgres' } }),
  });
  GitOps.argoCd(chart);
  GitOps.flux(chart);
  return chart;
}
