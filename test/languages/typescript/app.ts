import { mkdirSync, writeFileSync } from 'fs';
import { join } from 'path';
import { ApiObject, App, Chart, Cron, Duration, JsonPatch, Lazy, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  AiAssistant, BackstageDatabase, BackstageNix, CaBundle, GitOps, HomeManager, HomeManagerProfile, NixBinaryCache, NixClaimRetention,
  NixCronJob, NixDaemonSet, NixDataSource, NixDeployment, NixEnvironment, NixGarbageCollection, NixHome, NixImage, NixImageKind,
  NixImageRecipe, NixJob, NixSeedSource, NixStatefulSet, NixStore, NixStorePrefetch, NixStoreVerification, NixUser, PodSecurity,
  PodSecurityLevel, RestrictedNamespace, Substituter,
} from 'cdk8s-nix';

/**
 * An app that uses every row of the README's table, and the errors. Those of the other languages are its translations, chart by chart, and must
 * write the same bytes into the folder they are given: `CHART.k8s.yaml`, and `errors.txt`.
 */
const outdir = process.argv[2];
const app = new App({ outdir });
const chartOf = (name: string): Chart => new Chart(app, name, { namespace: 'development', labels: { team: 'platform' } });
const secretOf = (chart: Chart, name: string): kplus.ISecret => kplus.Secret.fromSecretName(chart, `secret-${name}`, name);

/** Deployment, StatefulSet, DaemonSet, Job, CronJob. */
function workloads(): void {
  const chart = chartOf('workloads');
  new NixDeployment(chart, 'deployment');
  new NixDeployment(chart, 'worker', {
    path: ['/opt/app/bin', '/usr/bin', '/bin'],
    objectLabels: { owner: 'ann' },
    containers: [{
      image: 'registry.example.org/worker:3.2.0',
      command: ['worker', '--verbose'],
      envVariables: { LEVEL: kplus.EnvValue.fromValue('debug') },
      resources: { memory: { request: Size.gibibytes(1), limit: Size.gibibytes(4) } },
    }],
  });
  new NixStatefulSet(chart, 'agents', { replicas: 2, store: NixStore.perReplica({ size: Size.gibibytes(30), whenScaled: NixClaimRetention.DELETE }) });
  new NixDaemonSet(chart, 'nodes', { store: NixStore.emptyDir({ sizeLimit: Size.gibibytes(10) }) });
  new NixJob(chart, 'build', { containers: [{ image: 'registry.example.org/builder:3.1.0', command: ['nix', 'build'] }] });
  new NixCronJob(chart, 'nightly', {
    schedule: Cron.daily(),
    containers: [{ image: 'registry.example.org/builder:3.1.0', command: ['nix', 'flake', 'check'] }],
  });
}

/** Nix in a workload that is there. */
function enable(): void {
  const chart = chartOf('enable');
  const shop = new kplus.Deployment(chart, 'shop', {
    containers: [
      { name: 'main', image: 'registry.example.org/app:2.0.1' },
      { name: 'proxy', image: 'registry.example.org/proxy:1.9.0' },
    ],
  });
  new NixEnvironment(chart, 'nix').enable(shop, { containers: ['main'] });
}

function stores(): void {
  const chart = chartOf('stores');
  new NixDeployment(chart, 'lasting', {
    store: NixStore.persistent({ size: Size.gibibytes(200), storageClassName: 'fast', retain: true, annotations: { 'example.org/tier': 'gold' } }),
  });
  new NixDeployment(chart, 'cloned', { store: NixStore.persistent({ dataSource: NixDataSource.snapshot('golden') }) });
  new NixDeployment(chart, 'existing', { store: NixStore.existing('nix-claim', { accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE] }) });
  new NixDeployment(chart, 'ephemeral', { replicas: 3, store: NixStore.ephemeral({ size: Size.gibibytes(20) }) });
  new NixDeployment(chart, 'csi', {
    image: NixImage.ubuntuNix({ repository: 'registry.example.org/ubuntu-nix', tag: '1.0.0' }),
    store: NixStore.csi({ driver: 'nix.csi.example.org', volumeAttributes: { channel: 'stable' } }),
  });
}

/** nix.conf and its caches. */
function config(): void {
  const chart = chartOf('config');
  new NixDeployment(chart, 'workspace', {
    config: {
      substituters: [Substituter.of('https://cache.example.org', 'cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=')],
      netrc: { secret: secretOf(chart, 'nix-netrc'), key: 'netrc' },
      maxJobs: 2,
      settings: { 'connect-timeout': 5, 'keep-outputs': true, 'system-features': ['big-parallel', 'kvm'] },
      extraLines: ['warn-dirty = false'],
    },
  });
}

function binaryCache(): void {
  const chart = chartOf('binary-cache');
  const cache = new NixBinaryCache(chart, 'cache', { volumeSize: Size.gibibytes(100), hitTtl: Duration.days(30) });
  const workspace = new NixDeployment(chart, 'workspace', { config: { defaultSubstituter: false } });
  workspace.environment.useBinaryCache(cache);
  workspace.environment.restrictNetwork({ externalCidrs: ['10.1.0.0/16'], externalPorts: [443, 8443] });
}

/** Garbage collection, prefetch, verification: at start, and as Jobs. */
function care(): void {
  const chart = chartOf('care');
  const { environment } = new NixDeployment(chart, 'workspace');
  environment.collectGarbage({ whenFreeBelow: Size.gibibytes(5) });
  environment.prefetch({ packages: ['nixpkgs#ripgrep'], required: true });
  new NixGarbageCollection(chart, 'collection', { environment, schedule: Cron.weekly(), timeZone: 'Europe/Vienna', deleteOlderThan: Duration.days(30) });
  new NixStorePrefetch(chart, 'prefetch', { environment, packages: ['nixpkgs#jq'], shells: ['git+https://git.example.org/app'] });
  new NixStoreVerification(chart, 'verification', { environment, repair: true });
}

function network(): void {
  const chart = chartOf('network');
  new NixDeployment(chart, 'workspace', {
    proxy: { httpsProxy: 'http://proxy.example.org:3128', noProxy: ['.example.org'] },
    caBundle: CaBundle.fromConfigMap(kplus.ConfigMap.fromConfigMapName(chart, 'ca', 'company-ca'), 'ca.pem'),
  });
}

/** Another user, image, seed source and home. */
function environments(): void {
  const chart = chartOf('environments');
  new NixDeployment(chart, 'openshift', { user: NixUser.arbitrary() });
  new NixDeployment(chart, 'uid', { user: NixUser.of({ uid: 2000, gid: 3000, name: 'dev', home: '/home/dev' }) });
  new NixDeployment(chart, 'image', {
    image: NixImage.of('registry.example.org/nix:2.31.2'),
    seed: { source: NixSeedSource.imageVolume('registry.example.org/busybox:1.37.0'), jobs: 4, jsonLog: true },
  });
  new NixDeployment(chart, 'home', {
    home: NixHome.ephemeral({ sizeLimit: Size.gibibytes(5) }),
    homeManager: HomeManager.profile(HomeManagerProfile.ESSENTIAL),
    assistants: [
      AiAssistant.claude({ apiKey: kplus.EnvValue.fromSecretValue({ secret: secretOf(chart, 'ai-keys'), key: 'anthropic' }) }),
      AiAssistant.aichat({
        provider: 'openai',
        model: 'gpt-4.1',
        apiKey: kplus.EnvValue.fromSecretValue({ secret: secretOf(chart, 'more-keys'), key: 'openai' }),
      }),
    ],
  });
}

/** Which image suits, and how to build it: what they return, in a ConfigMap. */
function images(): void {
  const chart = chartOf('images');
  const recommendation = NixImage.recommend({ persistentVolume: true, existingImage: false });
  const recipe = NixImageRecipe.of(NixImageKind.UBUNTU_NIX);
  const [argument] = recipe.buildArguments;
  new kplus.ConfigMap(chart, 'recommendation', {
    data: {
      useCase: recommendation.useCase,
      argument: `${argument.name}=${argument.defaultValue}`,
      files: String(Object.keys(recipe.buildContext()).length),
      dockerfile: recipe.dockerfile(),
    },
  });
}

function portal(): void {
  const chart = chartOf('portal');
  new BackstageNix(chart, 'backstage', {
    image: NixImage.backstageNix({ repository: 'registry.example.org/team/portal', tag: '1.0.0' }),
    baseUrl: 'https://portal.example.org',
    database: BackstageDatabase.existing({ host: 'postgres.databases.svc', password: { secret: secretOf(chart, 'portal'), key: 'postgres' } }),
    ingress: { className: 'nginx', tlsSecret: secretOf(chart, 'portal-tls') },
    appConfig: { organization: { name: Lazy.any({ produce: () => 'Example' }) }, app: { title: 'Portal' } },
  });
}

/** Argo CD, a namespace with labels, the Application. */
function gitOps(): void {
  const chart = chartOf('git-ops');
  const namespace = new RestrictedNamespace(chart, 'namespace', { metadata: { name: 'development' }, level: PodSecurityLevel.BASELINE });
  const workspace = new NixDeployment(chart, 'workspace');
  workspace.node.addDependency(namespace);
  GitOps.argoCd(chart, { syncWave: 1 });
  PodSecurity.enforce(chart);
}

/** Pod Security, checked on any pod: what it finds, in a ConfigMap. */
function podSecurity(): void {
  const chart = chartOf('pod-security');
  const plain = new kplus.Pod(chart, 'plain', { containers: [{ image: 'registry.example.org/app:2.0.1' }] });
  const violations = PodSecurity.check(plain, { level: PodSecurityLevel.RESTRICTED });
  new kplus.ConfigMap(chart, 'violations', { data: { violations: violations.map(violation => `${violation.rule}: ${violation.field}`).join('\n') } });
}

function escapeHatches(): void {
  const chart = chartOf('escape-hatches');
  const workspace = new NixDeployment(chart, 'workspace');
  ApiObject.of(workspace).addJsonPatch(
    JsonPatch.replace('/spec/template/spec/initContainers/0/resources/limits/memory', '1Gi'),
    JsonPatch.add('/spec/template/spec/hostUsers', false),
  );
  workspace.environment.config.apiObject.addJsonPatch(JsonPatch.add('/metadata/annotations', { 'example.org/owner': 'ann' }));
}

/** What somebody gets to read who made a mistake: one that is thrown at once, and those that synth collects. */
function errors(): string[] {
  const messages: string[] = [];
  const attempt = (mistake: () => void): void => {
    try {
      mistake();
    } catch (error) {
      messages.push(String(error));
    }
  };
  attempt(() => NixImageRecipe.of(NixImageKind.OTHER));
  attempt(() => {
    const wrong = new App({ outdir });
    new NixDeployment(new Chart(wrong, 'wrong'), 'workspace', { replicas: 2, config: { maxJobs: -1 } });
    wrong.synth();
  });
  attempt(() => {
    const wrong = new App({ outdir });
    const chart = new Chart(wrong, 'wrong', { namespace: 'development' });
    new BackstageNix(chart, 'backstage', {
      image: NixImage.of('registry.example.org/team/portal:1.0.0'),
      baseUrl: 'https://portal.example.org',
      database: BackstageDatabase.existing({ host: 'postgres.databases.svc', password: { secret: secretOf(chart, 'portal'), key: 'postgres' } }),
      appConfig: { cache: { sizes: [Size.gibibytes(1)] } },
    });
    wrong.synth();
  });
  return messages;
}

mkdirSync(outdir, { recursive: true });
const parts = [
  workloads, enable, stores, config, binaryCache, care, network, environments, images, portal, gitOps, podSecurity, escapeHatches,
];
parts.forEach(part => part());
app.synth();
writeFileSync(join(outdir, 'errors.txt'), `${errors().join('\n---\n')}\n`);
