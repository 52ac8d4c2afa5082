import { ApiObject, Chart, Cron, JsonPatch, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  BuiltNixImageOptions, CsiStoreOptions, EphemeralHomeOptions, HomeManager, HomeManagerProfile,
  NixArchitecture, NixConfigProps, NixCronJob, NixDaemonSet, NixDataSource,
  NixDeployment, NixDeploymentProps, NixEnvironment, NixHome, NixHomeFile, NixImage, NixJob, NixProgram, NixRuntimeClass, NixSeedSource,
  NixStatefulSet, NixStatefulSetProps, NixStore, NixUser, NixUserOptions, PersistentStoreOptions, PodSecurityLevel, Substituter,
} from '../src';
import { enableAgain, MEANS } from './support/same-through';
import { synthError, synthErrorOf } from './support/synth-error';

const KEY = 'cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=';
const { READ_ONLY_MANY, READ_WRITE_MANY, READ_WRITE_ONCE, READ_WRITE_ONCE_POD } = kplus.PersistentVolumeAccessMode;
const { ALWAYS, NEVER } = kplus.RestartPolicy;

/** Name of the case, what is built, the code, the prop, the value as the message shows it, and a word of the remedy. */
type Case = [name: string, build: (chart: Chart) => unknown, code: string, prop: string, value: string, remedy: string];

const deployment = (props: NixDeploymentProps) => (chart: Chart) => { new NixDeployment(chart, 'workspace', props); };
const statefulSet = (props: NixStatefulSetProps) => (chart: Chart) => { new NixStatefulSet(chart, 'workspace', props); };
const served = (options: CsiStoreOptions, props: NixDeploymentProps = {}) =>
  deployment({ image: NixImage.of('example/debian:13'), store: NixStore.csi(options), ...props });
const image = (reference: string) => deployment({ image: NixImage.of(reference) });
const built = (options: BuiltNixImageOptions) => deployment({ image: NixImage.ubuntuNix(options) });
const store = (options: PersistentStoreOptions) => deployment({ store: NixStore.persistent(options) });
const user = (options: NixUserOptions) => deployment({ user: NixUser.of(options) });
const config = (props: NixConfigProps) => deployment({ config: props });
const substituter = (url: string, ...keys: string[]) => config({ substituters: [Substituter.of(url, ...keys)] });
const container = (props: Partial<kplus.ContainerProps>) => deployment({ containers: [{ image: 'example/app:1', ...props }] });
const enabled = (props: kplus.DeploymentProps) => (chart: Chart) => {
  new NixEnvironment(chart, 'nix').enable(new kplus.Deployment(chart, 'plain', { containers: [{ image: 'example/app:1' }], ...props }));
};
const enabledPod = (spec: object) => (chart: Chart) => {
  const containers = [{ name: 'main', image: 'example/app:1' }];
  new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'plain', { apiVersion: 'v1', kind: 'Pod', spec: { containers, ...spec } }));
};
const mounting = (path: string) => (chart: Chart) => {
  const volume = kplus.Volume.fromEmptyDir(chart, 'Extra', 'extra');
  new NixDeployment(chart, 'workspace', { containers: [{ image: 'example/app:1', volumeMounts: [{ path, volume }] }] });
};
const mountingReadOnly = (path: string) => (chart: Chart) => {
  const volume = kplus.Volume.fromConfigMap(chart, 'Extra', kplus.ConfigMap.fromConfigMapName(chart, 'settings', 'settings'), { name: 'extra' });
  new NixDeployment(chart, 'workspace', { containers: [{ image: 'example/app:1', volumeMounts: [{ path, volume }] }] });
};
const homeFile = (path: string, mode?: number, key = 'netrc') => (chart: Chart) => {
  const secret = kplus.Secret.fromSecretName(chart, 'credentials', 'credentials');
  new NixDeployment(chart, 'workspace', { home: NixHome.ephemeral({ files: [NixHomeFile.fromSecretValue(path, { secret, key }, { mode })] }) });
};

const homeFiles = (options: EphemeralHomeOptions, ...paths: string[]) => (chart: Chart) => {
  const secret = kplus.Secret.fromSecretName(chart, 'credentials', 'credentials');
  const files = paths.map(path => NixHomeFile.fromSecretValue(path, { secret, key: 'key' }));
  new NixDeployment(chart, 'workspace', { home: NixHome.ephemeral({ ...options, files }) });
};

const CASES: Case[] = [
  ['empty image', image(''), 'CDK8SNIX0101', 'image', '""', 'registry/repository:tag'],
  ['image with a space', image('nixos/nix :2.3'), 'CDK8SNIX0101', 'image', '"nixos/nix :2.3"', 'registry/repository:tag'],
  ['image in upper case', image('NixOS/nix:2.3'), 'CDK8SNIX0101', 'image', '"NixOS/nix:2.3"', 'lower case'],
  ['image with a malformed digest', image('nixos/nix@sha256:abc'), 'CDK8SNIX0101', 'image', '"nixos/nix@sha256:abc"', 'sha256:'],
  ['image with a newline', image('nixos/nix:2\nx: y'), 'CDK8SNIX0101', 'image', '"nixos/nix:2\\nx: y"', 'registry/repository:tag'],
  ['image as a URL', image('https://registry.example.org/nix:1'), 'CDK8SNIX0101', 'image', '"https://', 'registry/repository:tag'],
  ['image without a tag', image('nixos/nix'), 'CDK8SNIX0102', 'image', '"nixos/nix"', 'allowLatest'],
  ['image with a port and no tag', image('localhost:5000/nix'), 'CDK8SNIX0102', 'image', '"localhost:5000/nix"', 'allowLatest'],
  ['image with the tag latest', image('nixos/nix:latest'), 'CDK8SNIX0102', 'image', '"nixos/nix:latest"', 'allowLatest'],
  ['own image with neither tag nor digest', built({ repository: 'example.org/ubuntu-nix' }), 'CDK8SNIX0102', 'image', '"example.org/ubuntu-nix"', 'digest'],
  ['own image with an empty tag', built({ repository: 'example.org/ubuntu-nix', tag: '' }), 'CDK8SNIX0101', 'image', '"example.org/ubuntu-nix:"', 'tag'],
  ['no parallel copies', deployment({ seed: { jobs: 0 } }), 'CDK8SNIX0103', 'seed.jobs', '0', '1 to 64'],
  ['an image volume for root', deployment({ user: NixUser.root(), seed: { source: NixSeedSource.imageVolume('example/debian:13') } }), 'CDK8SNIX0103', 'seed.source', '"imageVolume"', 'NixSeedSource.initContainer()'],
  ['half a copy', deployment({ seed: { jobs: 1.5 } }), 'CDK8SNIX0103', 'seed.jobs', '1.5', '1 to 64'],

  ['size of 0', store({ size: Size.gibibytes(0) }), 'CDK8SNIX0201', 'store.size', '"0Gi"', 'Size.gibibytes(1)'],
  ['parts of a GiB', store({ size: Size.mebibytes(1536) }), 'CDK8SNIX0201', 'store.size', '"1536Mi"', 'Size.gibibytes(2)'],
  ['emptyDir of 0', deployment({ store: NixStore.emptyDir({ sizeLimit: Size.mebibytes(0) }) }), 'CDK8SNIX0201', 'store.sizeLimit', '"0Mi"', 'Size'],
  ['class in upper case', store({ storageClassName: 'Fast' }), 'CDK8SNIX0202', 'store.storageClassName', '"Fast"', 'kubectl get storageclass'],
  ['empty class', store({ storageClassName: '' }), 'CDK8SNIX0202', 'store.storageClassName', '""', 'default'],
  ['empty claim name', deployment({ store: NixStore.existing('') }), 'CDK8SNIX0202', 'store.claimName', '""', 'kubectl get pvc'],
  ['claim name with a slash', deployment({ store: NixStore.existing('ns/claim') }), 'CDK8SNIX0202', 'store.claimName', '"ns/claim"', 'kubectl get pvc'],
  ['a claim of ours with a name in upper case', store({ claimName: 'Tools' }), 'CDK8SNIX0202', 'store.claimName', '"Tools"', 'kubectl get pvc'],
  ['a home in the folder of the store', deployment({ store: NixStore.existing('claim'), home: NixHome.existing('claim', { folder: 'nix/home' }) }),
    'CDK8SNIX0217', 'home.folder', '"nix/home"', 'onStoreVolume'],
  ['a home in the folder of the store of an NFS share', chart => {
    const share = kplus.Volume.fromNfs(chart, 'Share', 'share', { server: 'nfs.example.org', path: '/team' });
    new NixDeployment(chart, 'workspace', { store: NixStore.fromVolume(share), home: NixHome.fromVolume(share, { folder: 'nix' }) });
  }, 'CDK8SNIX0217', 'home.folder', '"nix"', 'Use another folder'],
  ['a home in the folder of the store of another environment', chart => {
    new NixDeployment(chart, 'workspace', { store: NixStore.emptyDir(), home: NixHome.existing('claim', { folder: 'nix/home' }) });
    new NixEnvironment(chart, 'other', { store: NixStore.existing('claim') });
  }, 'CDK8SNIX0217', 'home.folder', '"nix/home"', 'Use another folder'],
  ['read-only claim', store({ accessModes: [READ_ONLY_MANY] }), 'CDK8SNIX0203', 'store.accessModes', '["ReadOnlyMany"]', 'READ_WRITE_ONCE'],
  ['no access mode', store({ accessModes: [] }), 'CDK8SNIX0203', 'store.accessModes', '[]', 'READ_WRITE_ONCE'],
  ['one pod, and one node', store({ accessModes: [READ_WRITE_ONCE_POD, READ_WRITE_ONCE] }), 'CDK8SNIX0203', 'store.accessModes', '["ReadWriteOncePod"', 'Keep one'],
  ['shared by name, but for one node', store({ shared: true }), 'CDK8SNIX0203', 'store.shared', 'true', 'READ_WRITE_MANY'],
  ['shared without saying so', store({ accessModes: [READ_WRITE_MANY] }), 'CDK8SNIX0204', 'store.accessModes', '["ReadWriteMany"]', 'shared: true'],
  ['hostPath', chart => {
    new NixDeployment(chart, 'workspace', { store: NixStore.fromVolume(kplus.Volume.fromHostPath(chart, 'Host', 'host', { path: '/srv/nix' })) });
  }, 'CDK8SNIX0205', 'store', '"/srv/nix"', 'NixStore.persistent()'],
  ['a store of files', chart => {
    const volume = kplus.Volume.fromConfigMap(chart, 'Extra', kplus.ConfigMap.fromConfigMapName(chart, 'settings', 'settings'), { name: 'extra' });
    new NixDeployment(chart, 'workspace', { store: NixStore.fromVolume(volume) });
  }, 'CDK8SNIX0216', 'store', '"extra"', 'NixStore.persistent()'],
  ['a home on a claim that can only be read', chart => {
    const claim = kplus.PersistentVolumeClaim.fromClaimName(chart, 'claim', 'shared');
    new NixDeployment(chart, 'workspace', { home: NixHome.fromVolume(kplus.Volume.fromPersistentVolumeClaim(chart, 'Extra', claim, { name: 'extra', readOnly: true })) });
  }, 'CDK8SNIX0216', 'home', '"extra"', 'leave out its readOnly'],
  ['two replicas on one volume', deployment({ replicas: 2 }), 'CDK8SNIX0206', 'replicas', '2', 'emptyDir'],
  ['two replicas of a foreign deployment', enabled({ replicas: 2 }), 'CDK8SNIX0206', 'replicas', '2', 'emptyDir'],
  ['an autoscaler on one volume', chart => {
    const target = new NixDeployment(chart, 'workspace', { containers: [{ image: 'example/app:1', resources: { cpu: { request: kplus.Cpu.units(1), limit: kplus.Cpu.units(1) } } }] });
    new kplus.HorizontalPodAutoscaler(chart, 'scaler', { target, maxReplicas: 3 });
  }, 'CDK8SNIX0206', 'store', '"ReadWriteOnce"', 'emptyDir'],
  ['a DaemonSet on one volume', chart => {
    new NixEnvironment(chart, 'nix').enable(new kplus.DaemonSet(chart, 'agent', { containers: [{ image: 'example/app:1' }] }));
  }, 'CDK8SNIX0206', 'store', '"ReadWriteOnce"', 'emptyDir'],
  ['a rolling update of one volume', deployment({ strategy: kplus.DeploymentStrategy.rollingUpdate() }), 'CDK8SNIX0207', 'strategy', '"RollingUpdate"', 'recreate()'],
  ['a rolling update of a foreign deployment', enabled({ strategy: kplus.DeploymentStrategy.rollingUpdate() }), 'CDK8SNIX0207', 'strategy', '"RollingUpdate"', 'recreate()'],
  ['label of 64 characters', store({ labels: { team: 'x'.repeat(64) } }), 'CDK8SNIX0208', 'store.labels', '"team=xxx', 'annotation'],
  ['annotation name with a space', store({ annotations: { 'the owner': 'ann' } }), 'CDK8SNIX0208', 'store.annotations', '"the owner"', 'example.org/owner'],

  ['substituter that is no URL', substituter('cache.example.org', KEY), 'CDK8SNIX0301', 'config.substituters[0].url', '"cache.example.org"', 'https://'],
  ['substituter with an unknown scheme', substituter('ftp://cache.example.org', KEY), 'CDK8SNIX0301', 'config.substituters[0].url', '"ftp:', 'https://'],
  ['substituter with two URLs', substituter('https://a.example https://b.example', KEY), 'CDK8SNIX0301', 'config.substituters[0].url', '"https://a', 'https://'],
  ['substituter with a password', substituter('https://me:secret@cache.example.org', KEY), 'CDK8SNIX0301', 'config.substituters[0].url', '"https://…@cache', 'netrc'],
  ['substituter without a key', substituter('https://cache.example.org'), 'CDK8SNIX0302', 'config.substituters[0].publicKeys', '"https://cache', 'public key'],
  ['public key without a name', substituter('https://cache.example.org', KEY.split(':')[1]), 'CDK8SNIX0302', 'config.substituters[0].publicKeys', '"6NCH', 'nix key'],
  ['public key cut short', substituter('https://cache.example.org', KEY.slice(0, -3)), 'CDK8SNIX0302', 'config.substituters[0].publicKeys', '"cache.example', 'nix key'],
  ['secret key in place of the public one', substituter('https://cache.example.org', `k:${'A'.repeat(86)}==`), 'CDK8SNIX0302', 'config.substituters[0].publicKeys', '"k:AAA', 'nix key'],
  ['substituter added later', chart => {
    new NixDeployment(chart, 'workspace').environment.config.addSubstituter(Substituter.of('nonsense', KEY));
  }, 'CDK8SNIX0301', 'config.substituters[0].url', '"nonsense"', 'https://'],
  ['mistyped setting', config({ settings: { max_jobz: 3 } }), 'CDK8SNIX0303', 'config.settings', '"max_jobz"', 'Did you mean "max-jobs"?'],
  ['unknown setting', config({ settings: { 'make-it-fast': true } }), 'CDK8SNIX0303', 'config.settings', '"make-it-fast"', 'extraLines'],
  ['setting of an unknown type', config({ settings: { 'log-lines': { a: 1 } } }), 'CDK8SNIX0304', 'config.settings.log-lines', '{"a":1}', 'nix.conf'],
  ['setting that is a function', config({ settings: { 'log-lines': () => 1 } }), 'CDK8SNIX0304', 'config.settings.log-lines', '() => 1', 'nix.conf'],
  ['setting of two lines', config({ settings: { 'bash-prompt': 'a\nsandbox = true' } }), 'CDK8SNIX0304', 'config.settings.bash-prompt', '"a\\nsandbox', 'nix.conf'],
  ['list with white space in an item', config({ settings: { 'system-features': ['a b'] } }), 'CDK8SNIX0304', 'config.settings.system-features', '["a b"]', 'nix.conf'],
  ['sandbox', config({ settings: { sandbox: true } }), 'CDK8SNIX0305', 'config.settings.sandbox', 'true', 'Leave it out'],
  ['no signature checks', config({ settings: { 'require-sigs': false } }), 'CDK8SNIX0305', 'config.settings.require-sigs', 'false', 'Leave it out'],
  ['tokens in the manifest', config({ settings: { 'access-tokens': 'github.com=x' } }), 'CDK8SNIX0305', 'config.settings.access-tokens', '(not shown)', 'prop `accessTokens`'],
  ['more tokens in the manifest', config({ settings: { 'extra-access-tokens': 'github.com=x' } }), 'CDK8SNIX0305', 'config.settings.extra-access-tokens', '(not shown)', 'prop `accessTokens`'],
  ['tokens in a raw line', config({ extraLines: ['extra-access-tokens = github.com=x'] }), 'CDK8SNIX0305', 'config.extraLines[0]', '(not shown)', 'prop `accessTokens`'],
  ['another store', config({ settings: { store: '/home/code/nix' } }), 'CDK8SNIX0305', 'config.settings.store', '"/home/code/nix"', 'volume of the environment'],
  ['another state', config({ extraLines: ['state = /home/code/state'] }), 'CDK8SNIX0305', 'config.extraLines[0]', '"state = /home', '/nix/var'],
  ['profiles elsewhere', config({ settings: { 'use-xdg-base-directories': true } }), 'CDK8SNIX0305', 'config.settings.use-xdg-base-directories', 'true', 'PATH'],
  ['a log that others do not have', config({ settings: { 'use-sqlite-wal': true } }), 'CDK8SNIX0305', 'config.settings.use-sqlite-wal', 'true', 'must agree'],
  ['sandbox by an old name', config({ extraLines: ['build-use-sandbox = true'] }), 'CDK8SNIX0305', 'config.extraLines[0]', '"build-use-sandbox', 'namespaces'],
  ['max-jobs twice, once in a raw line', config({ maxJobs: 2, extraLines: ['max-jobs = 3'] }), 'CDK8SNIX0305', 'config.extraLines[0]', '"max-jobs = 3"', 'Keep one'],
  ['nix-path twice', deployment({ nixPath: 'nixpkgs=flake:nixpkgs', config: { settings: { 'nix-path': ['nixpkgs=/x'] } } }), 'CDK8SNIX0305', 'config.settings.nix-path', '["nixpkgs=/x"]', 'Keep one'],
  ['password in a URL of a setting', config({ settings: { 'hashed-mirrors': 'https://me:secret@mirror.example' } }), 'CDK8SNIX0304', 'config.settings.hashed-mirrors', '(not shown)', 'netrc'],
  ['password in a raw line', config({ extraLines: ['a-newer-setting = https://me:secret@mirror.example'] }), 'CDK8SNIX0304', 'config.extraLines[0]', '(not shown)', 'netrc'],
  ['a setting twice', config({ settings: { 'log-lines': 5 }, extraLines: ['log-lines = 6'] }), 'CDK8SNIX0305', 'config.extraLines[0]', '"log-lines = 6"', 'takes the last'],
  ['substituters in a raw line', config({ extraLines: ['substituters = https://a.example'] }), 'CDK8SNIX0305', 'config.extraLines[0]', '"substituters = https', 'prop `substituters`'],
  ['substituters by an old name', config({ extraLines: ['binary-caches = https://a.example'] }), 'CDK8SNIX0305', 'config.extraLines[0]', '"binary-caches', 'prop `substituters`'],
  ['extra- before no list', config({ settings: { 'extra-max-jobs': 2 } }), 'CDK8SNIX0303', 'config.settings', '"extra-max-jobs"', 'Did you mean "max-jobs"?'],
  ['extra- before no list in a raw line', config({ extraLines: ['extra-builders = x'] }), 'CDK8SNIX0303', 'config.extraLines[0]', '"extra-builders"', 'Did you mean "builders"?'],
  ['half a line', config({ settings: { 'log-lines': 2.5 } }), 'CDK8SNIX0304', 'config.settings.log-lines', '2.5', 'whole number'],
  ['number that is a list', config({ settings: { 'log-lines': ['5'] } }), 'CDK8SNIX0304', 'config.settings.log-lines', '["5"]', 'whole number'],
  ['number in words, in a raw line', config({ extraLines: ['log-lines = many'] }), 'CDK8SNIX0304', 'config.extraLines[0]', '"many"', 'whole number'],
  ['number for a boolean', config({ settings: { 'keep-going': 2 } }), 'CDK8SNIX0304', 'config.settings.keep-going', '2', 'true or false'],
  ['list for a text', config({ settings: { builders: ['ssh://a', 'ssh://b'] } }), 'CDK8SNIX0304', 'config.settings.builders', '["ssh://a"', 'one line'],
  ['value that Nix would cut', config({ settings: { 'bash-prompt': '# ' } }), 'CDK8SNIX0304', 'config.settings.bash-prompt', '"# "', '"#"'],
  ['cache by a setting without a key', config({ settings: { 'extra-substituters': 'https://a.example' } }), 'CDK8SNIX0302', 'config.settings.extra-substituters', '"https://a.example"', 'extra-trusted-public-keys'],
  ['cache by a setting that is no URL', config({ settings: { 'extra-substituters': ['a.example'], 'extra-trusted-public-keys': KEY } }), 'CDK8SNIX0301', 'config.settings.extra-substituters', '"a.example"', 'https://'],
  ['cache by a raw line with a password', config({ extraLines: ['extra-substituters = https://me:x@a.example', `extra-trusted-public-keys = ${KEY}`] }), 'CDK8SNIX0301', 'config.extraLines[0]', '"https://…@a.example"', 'netrc'],
  ['key by a setting, cut short', config({ settings: { 'extra-trusted-public-keys': [KEY.slice(0, -3)] } }), 'CDK8SNIX0302', 'config.settings.extra-trusted-public-keys', '"cache.example', 'nix key'],
  ['substituter that need not be signed', substituter('https://cache.example.org?trusted=true', KEY), 'CDK8SNIX0302', 'config.substituters[0].url', '"https://cache', 'Leave it out'],
  ['bucket behind no URL', substituter('s3://bucket?scheme=ftp', KEY), 'CDK8SNIX0301', 'config.substituters[0].url', '"s3://bucket', 'endpoint='],
  ['max-jobs twice', config({ maxJobs: 2, settings: { 'max-jobs': 3 } }), 'CDK8SNIX0305', 'config.settings.max-jobs', '3', 'Keep one'],
  ['substituters as a setting', config({ settings: { substituters: ['https://a.example'] } }), 'CDK8SNIX0305', 'config.settings.substituters', '["https', 'prop `substituters`'],
  ['negative max-jobs', config({ maxJobs: -1 }), 'CDK8SNIX0306', 'config.maxJobs', '-1', 'for example 4'],
  ['fractional cores', config({ cores: 0.5 }), 'CDK8SNIX0306', 'config.cores', '0.5', 'for example 4'],
  ['max-free alone', config({ maxFree: Size.gibibytes(1) }), 'CDK8SNIX0306', 'config.maxFree', '"1Gi"', 'minFree'],
  ['max-free below min-free', config({ minFree: Size.gibibytes(2), maxFree: Size.gibibytes(1) }), 'CDK8SNIX0306', 'config.maxFree', '"1Gi"', 'at least'],
  ['a line that sets nothing', config({ extraLines: ['hello'] }), 'CDK8SNIX0307', 'config.extraLines[0]', '"hello"', 'name = value'],
  ['a line without white space', config({ extraLines: ['log-lines=5'] }), 'CDK8SNIX0307', 'config.extraLines[0]', '"log-lines=5"', 'white space'],
  ['two lines in one', config({ extraLines: ['cores = 1\nmax-jobs = 2'] }), 'CDK8SNIX0307', 'config.extraLines[0]', '"cores = 1\\n', 'one a line'],
  ['sandbox in a raw line', config({ extraLines: ['sandbox = true'] }), 'CDK8SNIX0305', 'config.extraLines[0]', '"sandbox = true"', 'Leave it out'],
  ['a Secret key with a slash', chart => {
    const secret = kplus.Secret.fromSecretName(chart, 'Secret', 'credentials');
    new NixDeployment(chart, 'workspace', { config: { netrc: { secret, key: 'a/b' } } });
  }, 'CDK8SNIX0308', 'config.netrc.key', '"a/b"', 'Secret'],

  ['uid 0', user({ uid: 0 }), 'CDK8SNIX0401', 'user.uid', '0', 'NixUser.root()'],
  ['negative uid', user({ uid: -1 }), 'CDK8SNIX0401', 'user.uid', '-1', '1001'],
  ['gid 0', user({ gid: 0 }), 'CDK8SNIX0401', 'user.gid', '0', 'NixUser.root()'],
  ['fsGroup out of range', user({ fsGroup: 2 ** 31 }), 'CDK8SNIX0401', 'user.fsGroup', '2147483648', '1001'],
  ['user name with a space', user({ name: 'my self', home: '/home/me' }), 'CDK8SNIX0402', 'user.name', '"my self"', '"code"'],
  ['relative home', user({ home: 'home/code' }), 'CDK8SNIX0402', 'user.home', '"home/code"', '/home/code'],
  ['home that a shell would expand', user({ home: '/home/$(id)' }), 'CDK8SNIX0402', 'user.home', '"/home/$(id)"', '/home/code'],
  ['home that climbs', user({ home: '/home/../etc' }), 'CDK8SNIX0402', 'user.home', '"/home/../etc"', '/home/code'],
  ['home of a system user', user({ home: '/usr/sbin' }), 'CDK8SNIX0402', 'user.home', '"/usr/sbin"', '/home/code'],
  ['home where programs are', user({ home: '/bin' }), 'CDK8SNIX0402', 'user.home', '"/bin"', '/home/code'],
  ['home inside /nix', user({ home: '/nix/home' }), 'CDK8SNIX0402', 'user.home', '"/nix/home"', '/home/code'],
  ['another user on the container', container({ securityContext: { user: 2000 } }), 'CDK8SNIX0403', 'containers[main].securityContext.user', '2000', 'NixUser.of with uid 2000'],
  ['another group on the pod', deployment({ securityContext: { fsGroup: 5 } }), 'CDK8SNIX0403', 'securityContext.fsGroup', '5', 'Leave it out'],
  ['a privileged container', container({ securityContext: { privileged: true, allowPrivilegeEscalation: true } }), 'CDK8SNIX0404', 'containers[main].securityContext.privileged', 'true', 'Leave it out'],
  ['escalation', container({ securityContext: { allowPrivilegeEscalation: true } }), 'CDK8SNIX0404', 'containers[main].securityContext.allowPrivilegeEscalation', 'true', 'Leave it out'],
  ['a capability', container({ securityContext: { capabilities: { add: [kplus.Capability.SYS_ADMIN] } } }), 'CDK8SNIX0404', 'containers[main].securityContext.capabilities.add', '["SYS_ADMIN"]', 'NET_BIND_SERVICE'],
  ['a pod without a seccomp profile', chart => {
    const spec = { securityContext: { seccompProfile: { type: 'Unconfined' } }, containers: [{ name: 'main', image: 'example/app:1' }] };
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'plain', { apiVersion: 'v1', kind: 'Pod', spec }));
  }, 'CDK8SNIX0404', 'securityContext.seccompProfile.type', '"Unconfined"', 'PodSecurityLevel.PRIVILEGED'],
  ['root container', container({ securityContext: { user: 0 } }), 'CDK8SNIX0404', 'containers[main].securityContext.user', '0', 'above 0'],
  ['not ensuring non-root', container({ securityContext: { ensureNonRoot: false } }), 'CDK8SNIX0404', 'containers[main].securityContext.ensureNonRoot', 'false', 'Leave it out'],
  ['no seccomp', container({ securityContext: { seccompProfile: { type: kplus.SeccompProfileType.UNCONFINED } } }), 'CDK8SNIX0404', 'containers[main].securityContext.seccompProfile.type', '"Unconfined"', 'RuntimeDefault or Localhost'],

  ['two environments on one pod', chart => {
    const workload = new NixDeployment(chart, 'workspace');
    new NixEnvironment(chart, 'second').enable(workload);
  }, 'CDK8SNIX0501', 'test/workspace', 'test/second', 'once'],
  ['a container that is not there', chart => {
    new NixEnvironment(chart, 'nix').enable(new kplus.Deployment(chart, 'plain', { containers: [{ image: 'example/app:1' }] }), { containers: ['app'] });
  }, 'CDK8SNIX0502', 'containers', '"app"', 'Use one of: main'],
  ['no container of all', deployment({ containers: [{ image: 'example/app:1' }], nixContainers: [] }), 'CDK8SNIX0502', 'containers', '[]', 'leave it out'],
  ['relative mount path', mounting('data'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"data"', '"/data"'],
  ['a volume over /nix', mounting('/nix'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/nix"', 'elsewhere'],
  ['a volume inside /nix', mounting('/nix/store'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/nix/store"', 'elsewhere'],
  ['a volume over the root', mounting('/'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/"', 'elsewhere'],
  ['a volume over the home', mounting('/home/code/'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/home/code/"', 'NixHome.fromVolume'],
  ['a volume over nix.conf', mounting('/etc/cdk8s-nix'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/etc/cdk8s-nix"', 'elsewhere'],
  ['a volume with a name of ours', chart => {
    const deploymentWithVolume = new NixDeployment(chart, 'workspace', { containers: [{ image: 'example/app:1' }] });
    deploymentWithVolume.addVolume(kplus.Volume.fromEmptyDir(chart, 'Mine', 'nix-store'));
  }, 'CDK8SNIX0504', 'volumes', '"nix-store"', 'another name'],
  ['an init container with a name of ours', deployment({
    containers: [{ image: 'example/app:1' }],
    initContainers: [{ name: 'seed-nix-store', image: 'example/app:1' }],
  }), 'CDK8SNIX0504', 'containers', '"seed-nix-store"', 'another name'],
  ['a workload in another namespace', enabled({ metadata: { namespace: 'elsewhere' } }), 'CDK8SNIX0505', 'metadata.namespace', '"elsewhere"', 'by its chart'],
  ['a container name in upper case', container({ name: 'App' }), 'CDK8SNIX0509', 'containers.name', '"App"', '"app"'],
  ['two containers of one name', deployment({ containers: [{ image: 'example/app:1' }, { image: 'example/app:2' }] }), 'CDK8SNIX0509', 'containers.name', '"main"', 'of its own'],
  ['an image of a container that is none', container({ image: 'example/app:1 --privileged' }), 'CDK8SNIX0101', 'containers[main].image', '"example/app:1 --', 'registry/repository:tag'],
  ['a variable that begins with a digit', container({ envVariables: { '1ST': kplus.EnvValue.fromValue('x') } }), 'CDK8SNIX0510', 'containers[main].envVariables', '"1ST"', 'LOG_LEVEL'],
  ['a variable with a NUL', container({ envVariables: { KEY: kplus.EnvValue.fromValue('a\0b') } }), 'CDK8SNIX0510', 'containers[main].envVariables.KEY', '"a\\u0000b"', 'base64'],
  ['port 0', container({ ports: [{ number: 0 }] }), 'CDK8SNIX0511', 'containers[main].ports', '0', '8080'],
  ['a port that nobody listens on', container({ portNumber: 8080, command: ['sleep', 'infinity'] }), 'CDK8SNIX0521', 'containers[main].startup', '8080', 'Leave the port out'],
  ['port 0 alone', container({ portNumber: 0 }), 'CDK8SNIX0511', 'containers[main].portNumber', '0', '8080'],
  ['one port twice', container({ ports: [{ number: 80 }, { number: 80 }] }), 'CDK8SNIX0531', 'containers[main].ports', '80', 'portNumber is one of the ports'],
  ['one port twice, by both props', container({ portNumber: 80, ports: [{ number: 80 }] }), 'CDK8SNIX0531', 'containers[main].ports', '80', 'portNumber is one of the ports'],
  ['two ports of one name', container({ ports: [{ name: 'web', number: 80 }, { name: 'web', number: 81 }] }), 'CDK8SNIX0531', 'containers[main].ports', '"web"', 'a name of its own'],
  ['two ports of one name in a manifest', enabledPod({ containers: [{ name: 'main', image: 'example/app:1', ports: [{ name: 'web', containerPort: 80 }, { name: 'web', containerPort: 81 }] }] }),
    'CDK8SNIX0531', 'containers[main].ports', '"web"', 'a name of its own'],
  ...['the-metrics-port', 'HTTP', '8080', 'web_ui', 'a--b', '-a', 'a-'].map((name): Case =>
    [`a port named ${name}`, container({ ports: [{ name, number: 80 }] }), 'CDK8SNIX0532', 'containers[main].ports', `"${name}"`, 'Use for example "http"']),
  ['a long name of a port of a program', deployment({ programs: [NixProgram.flake('github:owner/echo/v1.2.3', { ports: [{ name: 'the-metrics-port', number: 80 }] })] }),
    'CDK8SNIX0532', 'containers[main].ports', '"the-metrics-port"', 'Use for example "http"'],
  ['one port of a program twice', deployment({ programs: [NixProgram.flake('github:owner/echo/v1.2.3', { ports: [{ number: 80 }, { number: 80 }] })] }), 'CDK8SNIX0531', 'containers[main].ports', '80', 'Name it once'],
  ['port 0 of a program', deployment({ programs: [NixProgram.flake('github:owner/echo/v1.2.3', { portNumber: 0 })] }), 'CDK8SNIX0511', 'containers[main].portNumber', '0', '8080'],
  ['no programs at all', deployment({ programs: [] }), 'CDK8SNIX0507', 'containers', '[]', 'Give it a container'],
  ['a program of a branch', deployment({ programs: [NixProgram.flake('github:owner/echo/v1.2')] }), 'CDK8SNIX1203', 'programs[main]', '"github:owner/echo/v1.2"', 'github:owner/echo/refs/tags/v1.2'],
  ['a port of an init container', deployment({ containers: [{ image: 'example/app:1' }], initContainers: [{ name: 'first', image: 'example/app:1', portNumber: 80 }] }),
    'CDK8SNIX0530', 'initContainers[first].startupProbe', '80', 'Leave out its port'],
  ...(['readinessProbe', 'livenessProbe', 'lifecycle'] as const).map((field): Case => [`a ${field} of an init container`, enabledPod({
    initContainers: [{ name: 'first', image: 'example/app:1', [field]: { exec: { command: ['true'] } } }],
  }), 'CDK8SNIX0530', `initContainers[first].${field}`, 'true', 'Leave it out']),
  ['port 70000', container({ ports: [{ number: 70000 }] }), 'CDK8SNIX0511', 'containers[main].ports', '70000', '8080'],
  ['more CPU than the limit', container({ resources: { cpu: { request: kplus.Cpu.units(2), limit: kplus.Cpu.millis(500) } } }), 'CDK8SNIX0512', 'resources.cpu.request', '"2"', 'Raise the limit'],
  ['more memory than the limit', container({ resources: { memory: { request: Size.gibibytes(2), limit: Size.mebibytes(512) } } }), 'CDK8SNIX0512', 'resources.memory.request', '"2048Mi"', 'Raise the limit'],
  ['a label of the pod with a space', deployment({ podMetadata: { labels: { team: 'my team' } } }), 'CDK8SNIX0513', 'podMetadata.labels', '"team=my team"', 'annotation'],
  ['an annotation with two prefixes', deployment({ metadata: { annotations: { 'a/b/c': 'x' } } }), 'CDK8SNIX0513', 'metadata.annotations', '"a/b/c"', 'example.org/owner'],
  ['an object name in upper case', deployment({ metadata: { name: 'Workspace' } }), 'CDK8SNIX0514', 'metadata.name', '"Workspace"', 'cdk8s'],
  ['a namespace with a dot', chart => {
    new NixDeployment(new Chart(chart, 'inner', { namespace: 'a.b' }), 'workspace');
  }, 'CDK8SNIX0514', 'namespace', '"a.b"', 'namespace'],
  ['a relative folder in the search path', deployment({ path: ['bin'] }), 'CDK8SNIX0506', 'path[0]', '"bin"', '/opt/app/bin'],
  ['two folders in one', deployment({ path: ['/a:/b'] }), 'CDK8SNIX0506', 'path[0]', '"/a:/b"', '/opt/app/bin'],
  ['NIX_PATH with a reference', deployment({ nixPath: '$(HOME)' }), 'CDK8SNIX0506', 'nixPath', '"$(HOME)"', 'nixpkgs='],
  // Kinds of workload and of store.
  ['a store for each replica of a Deployment', deployment({ store: NixStore.perReplica() }), 'CDK8SNIX0209', 'store', '"perReplica"', 'NixStatefulSet'],
  ['a clone of nothing', store({ dataSource: NixDataSource.claim('') }), 'CDK8SNIX0210', 'store.dataSource', '""', 'kubectl get persistentvolumeclaim'],
  ['a snapshot in upper case', deployment({ store: NixStore.ephemeral({ dataSource: NixDataSource.snapshot('Seeded') }) }), 'CDK8SNIX0210', 'store.dataSource', '"Seeded"', 'kubectl get volumesnapshot'],
  ['an ephemeral store of half a GiB', deployment({ store: NixStore.ephemeral({ size: Size.mebibytes(512) }) }), 'CDK8SNIX0201', 'store.size', '"512Mi"', 'Size.gibibytes(1)'],
  ['a class for each replica with a space', statefulSet({ store: NixStore.perReplica({ storageClassName: 'very fast' }) }), 'CDK8SNIX0202', 'store.storageClassName', '"very fast"', 'kubectl get storageclass'],
  ['a label of a claim template', statefulSet({ store: NixStore.perReplica({ labels: { team: 'my team' } }) }), 'CDK8SNIX0208', 'store.labels', '"team=my team"', 'annotation'],
  ['a driver that is no name', served({ driver: 'nix_csi' }), 'CDK8SNIX0211', 'store.driver', '"nix_csi"', 'kubectl get csidriver'],
  ['a profile outside of /nix', served({ driver: 'nix.csi', profile: '/opt/profile' }), 'CDK8SNIX0211', 'store.profile', '"/opt/profile"', '/nix/var/nix/profiles/default'],
  ['an image whose shell the driver hides', deployment({ store: NixStore.csi({ driver: 'nix.csi' }) }), 'CDK8SNIX0212', 'image', 'nixos/nix', 'distribution'],
  ['a home on the volume of a driver', served({ driver: 'nix.csi' }, { home: NixHome.onStoreVolume() }), 'CDK8SNIX0212', 'home', '"onStoreVolume"', 'NixHome.ephemeral()'],
  ['a label of all objects', deployment({ objectLabels: { 'a b': 'c' } }), 'CDK8SNIX0208', 'objectLabels', '"a b=c"', 'annotation'],
  ['an annotation of all objects', deployment({ objectAnnotations: { '/x': 'c' } }), 'CDK8SNIX0208', 'objectAnnotations', '"/x"', 'example.org/owner'],
  ['an unpinned image for the shell', deployment({ seed: { source: NixSeedSource.imageVolume('debian') } }), 'CDK8SNIX0102', 'seed.source.shellImage', '"debian"', 'version or a digest'],
  ['a Job without a container', chart => new NixJob(chart, 'job'), 'CDK8SNIX0507', 'containers', '[]', 'Give it a container'],
  ['a CronJob without a container', chart => new NixCronJob(chart, 'job', { schedule: Cron.daily() }), 'CDK8SNIX0507', 'containers', '[]', 'Give it a container'],
  ['a Job that always restarts', chart => new NixJob(chart, 'job', { containers: [{ image: 'example/app:1' }], restartPolicy: ALWAYS }), 'CDK8SNIX0508', 'restartPolicy', '"Always"', 'ON_FAILURE'],
  ['a Deployment that never restarts', deployment({ restartPolicy: NEVER }), 'CDK8SNIX0508', 'restartPolicy', '"Never"', 'Leave it out'],
  ['runs that overlap on one volume', chart => new NixCronJob(chart, 'job', {
    schedule: Cron.daily(), containers: [{ image: 'example/app:1' }], concurrencyPolicy: kplus.ConcurrencyPolicy.ALLOW,
  }), 'CDK8SNIX0206', 'concurrencyPolicy', '"Allow"', 'NixStore.ephemeral()'],
  ['a StatefulSet of two on one volume', statefulSet({ store: NixStore.persistent(), replicas: 2 }), 'CDK8SNIX0206', 'replicas', 'got 2', 'NixStore.perReplica()'],
  ['parts of a replica', statefulSet({ replicas: 1.5 }), 'CDK8SNIX0515', 'replicas', 'got 1.5', 'Use for example 1'],
  ['replicas that are no number', deployment({ replicas: NaN }), 'CDK8SNIX1304', 'replicas', 'got "NaN"', 'It was computed of something that is no number'],
  ['fewer than no replicas', statefulSet({ replicas: -1 }), 'CDK8SNIX0515', 'replicas', 'got -1', 'from 0'],
  ['more tries than a Job can count', chart => new NixJob(chart, 'job', { containers: [{ image: 'example/app:1' }], backoffLimit: 2 ** 31 }),
    'CDK8SNIX0515', 'backoffLimit', 'got 2147483648', '2147483647'],
  ['a history of fewer than no runs', chart => new NixCronJob(chart, 'job', {
    schedule: Cron.daily(), containers: [{ image: 'example/app:1' }], failedJobsRetained: -1,
  }), 'CDK8SNIX0515', 'failedJobsRetained', 'got -1', 'leave it out'],
  ['a DaemonSet on one volume, asked for', chart => new NixDaemonSet(chart, 'agent', { store: NixStore.persistent() }), 'CDK8SNIX0206', 'store', 'ReadWriteOnce', 'NixStore.emptyDir()'],
  ['another home of a container', container({ envVariables: { HOME: kplus.EnvValue.fromValue('/home/coder') } }), 'CDK8SNIX0518', 'containers[main].envVariables.HOME', '"/home/coder"', 'NixUser.of with home "/home/coder"'],
  ['a home that a ConfigMap knows', chart => {
    const settings = kplus.ConfigMap.fromConfigMapName(chart, 'settings', 'settings');
    container({ envVariables: { HOME: kplus.EnvValue.fromConfigMap(settings, 'home') } })(chart);
  }, 'CDK8SNIX0518', 'containers[main].envVariables.HOME', '"a reference"', 'Leave it out'],
  ['a token in the variable of Nix', container({ envVariables: { NIX_CONFIG: kplus.EnvValue.fromValue('cores = 2\nextra-access-tokens = github.com=ghp_X') } }),
    'CDK8SNIX0304', 'containers[main].envVariables.NIX_CONFIG', '"(not shown)"', 'take the variable from a Secret'],
  ['a password in the variable of Nix', container({ envVariables: { NIX_CONFIG: kplus.EnvValue.fromValue('extra-substituters = https://me:ghp_X@cache.example.org') } }),
    'CDK8SNIX0304', 'containers[main].envVariables.NIX_CONFIG', '"(not shown)"', 'take the variable from a Secret'],
  ['a cache in the variable of Nix', container({ envVariables: { NIX_CONFIG: kplus.EnvValue.fromValue('extra-substituters = https://cache.example.org') } }),
    'CDK8SNIX0518', 'containers[main].envVariables.NIX_CONFIG', '"extra-substituters = https://cache.example.org"', 'use config.substituters'],
  ['another store in the variable of Nix', container({ envVariables: { NIX_CONFIG: kplus.EnvValue.fromValue('store = /home/code/nix') } }),
    'CDK8SNIX0518', 'containers[main].envVariables.NIX_CONFIG', '"store = /home/code/nix"', 'Leave that line out'],
  ['a line in the variable of Nix that it cannot read', container({ envVariables: { NIX_CONFIG: kplus.EnvValue.fromValue('cores = 2\nmax-jobs=4') } }),
    'CDK8SNIX0307', 'containers[main].envVariables.NIX_CONFIG', '"max-jobs=4"', 'white space around "="'],
  ['an include in the variable of Nix that has no folder', container({ envVariables: { NIX_CONFIG: kplus.EnvValue.fromValue('!include more.conf') } }),
    'CDK8SNIX0307', 'containers[main].envVariables.NIX_CONFIG', '"!include more.conf"', 'an absolute path'],
  ['no number in the variable of Nix', container({ envVariables: { NIX_CONFIG: kplus.EnvValue.fromValue('max-jobs = many') } }),
    'CDK8SNIX0304', 'containers[main].envVariables.NIX_CONFIG', '"many"', 'Correct it'],
  ['a PATH for a shell', container({ envVariables: { PATH: kplus.EnvValue.fromValue('~/bin:${GOPATH}/bin:$PATH') } }),
    'CDK8SNIX0506', 'containers[main].envVariables.PATH', '"~/bin:${GOPATH}/bin:$PATH"', 'Use "$(HOME)/bin:$(GOPATH)/bin:$(PATH)"'],
  ['a daemon', container({ envVariables: { NIX_REMOTE: kplus.EnvValue.fromValue('daemon') } }), 'CDK8SNIX0518', 'containers[main].envVariables.NIX_REMOTE', '"daemon"', 'Leave it out'],
  ['another store, by the name of long ago', container({ envVariables: { NIX_STORE: kplus.EnvValue.fromValue('/home/code/store') } }), 'CDK8SNIX0518', 'envVariables.NIX_STORE', '"/home/code/store"', 'Leave it out'],
  ['another folder of nix.conf', container({ envVariables: { NIX_CONF_DIR: kplus.EnvValue.fromValue('/etc/nix') } }), 'CDK8SNIX0518', 'envVariables.NIX_CONF_DIR', '"/etc/nix"', 'Leave it out'],
  ['a nix.conf that nothing reads', mounting('/etc/nix/nix.conf'), 'CDK8SNIX0518', 'containers[main].volumeMounts', '"/etc/nix/nix.conf"', 'config.settings'],
  ['a ConfigMap over /etc/profile.d', mountingReadOnly('/etc/profile.d'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/etc/profile.d"', 'by subPath'],
  ['a ConfigMap over /home', mountingReadOnly('/home'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/home"', 'by subPath'],
  ['a ConfigMap over /tmp', mountingReadOnly('/tmp'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/tmp"', 'by subPath'],
  ['a ConfigMap where Nix keeps profiles', mountingReadOnly('/home/code/.local/state'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/home/code/.local/state"', 'by subPath'],
  ['a ConfigMap where Nix keeps what it downloads', mountingReadOnly('/home/code/.cache'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/home/code/.cache"', 'by subPath'],
  ['a claim that can only be read over /home', chart => {
    const claim = kplus.PersistentVolumeClaim.fromClaimName(chart, 'claim', 'shared');
    const volume = kplus.Volume.fromPersistentVolumeClaim(chart, 'Extra', claim, { name: 'extra', readOnly: true });
    new NixDeployment(chart, 'workspace', { containers: [{ image: 'example/app:1', volumeMounts: [{ path: '/home', volume }] }] });
  }, 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/home"', 'elsewhere'],
  ['a volume in the folder of nix.conf', mounting('/etc/cdk8s-nix/more'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/etc/cdk8s-nix/more"', 'elsewhere'],
  ['two volumes at one path', chart => {
    const volume = (name: string) => kplus.Volume.fromEmptyDir(chart, name, name);
    new NixDeployment(chart, 'workspace', {
      containers: [{ image: 'example/app:1', volumeMounts: [{ path: '/data', volume: volume('one') }, { path: '/data/', volume: volume('two') }] }],
    });
  }, 'CDK8SNIX0519', 'containers[main].volumeMounts', '"/data/"', 'elsewhere'],
  ['a working directory without a root', container({ workingDir: 'work' }), 'CDK8SNIX0522', 'containers[main].workingDir', '"work"', '"/work"'],
  ['a working directory for a shell', container({ workingDir: '~/work' }), 'CDK8SNIX0522', 'containers[main].workingDir', '"~/work"', '"/home/code/work"'],
  ['a working directory with a variable', container({ workingDir: '$(HOME)/work' }), 'CDK8SNIX0522', 'containers[main].workingDir', '"$(HOME)/work"', '"/home/code/work"'],
  ['a working directory in the place of the profile', container({ workingDir: '/home/code/.nix-profile/share' }),
    'CDK8SNIX0522', 'containers[main].workingDir', '"/home/code/.nix-profile/share"', 'elsewhere in the home'],
  ['a working directory that is no path of the store', container({ workingDir: '/nix/store/work' }), 'CDK8SNIX0522', 'containers[main].workingDir', '"/nix/store/work"', 'in the home'],
  ['a working directory in the folder of nix.conf', container({ workingDir: '/etc/cdk8s-nix/work' }),
    'CDK8SNIX0522', 'containers[main].workingDir', '"/etc/cdk8s-nix/work"', 'a folder elsewhere'],
  ['a working directory in a mounted file', chart => {
    const volume = kplus.Volume.fromSecret(chart, 'Secret', kplus.Secret.fromSecretName(chart, 'Keys', 'keys'), { name: 'keys' });
    const volumeMounts = [{ path: '/home/code/.netrc', volume, subPath: 'netrc' }];
    new NixDeployment(chart, 'workspace', { containers: [{ image: 'example/app:1', workingDir: '/home/code/.netrc/work', volumeMounts }] });
  }, 'CDK8SNIX0522', 'containers[main].workingDir', '"/home/code/.netrc/work"', 'a folder elsewhere'],
  ['a working directory in the store', container({ workingDir: '/nix/work' }), 'CDK8SNIX0522', 'containers[main].workingDir', '"/nix/work"', 'in the home'],
  ['a working directory in a folder of files', chart => {
    const settings = kplus.Volume.fromConfigMap(chart, 'Settings', kplus.ConfigMap.fromConfigMapName(chart, 'Map', 'settings'), { name: 'settings' });
    new NixDeployment(chart, 'workspace', { containers: [{ image: 'example/app:1', workingDir: '/etc/app/work', volumeMounts: [{ path: '/etc/app', volume: settings }] }] });
  }, 'CDK8SNIX0522', 'containers[main].workingDir', '"/etc/app/work"', '"/etc/app"'],
  ['a mount in the place of the profile', mounting('/home/code/.nix-profile'), 'CDK8SNIX0503', 'containers[main].volumeMounts', '"/home/code/.nix-profile"', 'elsewhere'],
  ['profiles that do not last', container({ envVariables: { XDG_STATE_HOME: kplus.EnvValue.fromValue('/var/state') } }),
    'CDK8SNIX0518', 'containers[main].envVariables.XDG_STATE_HOME', '"/var/state"', 'in the home'],
  ['a volume in a folder of files', chart => {
    const settings = kplus.Volume.fromConfigMap(chart, 'Settings', kplus.ConfigMap.fromConfigMapName(chart, 'Map', 'settings'), { name: 'settings' });
    const volumeMounts = [{ path: '/etc/app', volume: settings }, { path: '/etc/app/cache', volume: kplus.Volume.fromEmptyDir(chart, 'Cache', 'cache') }];
    new NixDeployment(chart, 'workspace', { containers: [{ image: 'example/app:1', volumeMounts }] });
  }, 'CDK8SNIX0519', 'containers[main].volumeMounts', '"/etc/app/cache"', 'elsewhere'],
  ['nodes of another architecture', chart => {
    const app = new ApiObject(chart, 'plain', { apiVersion: 'v1', kind: 'Pod', spec: { nodeSelector: { 'kubernetes.io/arch': 'arm64' }, containers: [{ name: 'main', image: 'example/app:1' }] } });
    new NixEnvironment(chart, 'nix', { store: NixStore.persistent({ architecture: NixArchitecture.AMD64 }) }).enable(app);
  }, 'CDK8SNIX0215', 'nodeSelector.kubernetes.io/arch', '"arm64"', 'a store of their own'],
  ['nodes of another architecture, by affinity', chart => {
    const workspace = new NixDeployment(chart, 'workspace', { store: NixStore.persistent({ architecture: NixArchitecture.ARM64 }) });
    workspace.scheduling.attract(kplus.Node.labeled(kplus.NodeLabelQuery.is('kubernetes.io/arch', 'amd64')));
  }, 'CDK8SNIX0215', 'affinity.nodeAffinity.kubernetes.io/arch', '[{"key":"kubernetes.io/arch","operator":"In","values":["amd64"]}]', 'a store of their own'],
  ['nodes of another architecture, by the label of long ago', chart => {
    const app = new ApiObject(chart, 'plain', { apiVersion: 'v1', kind: 'Pod', spec: { nodeSelector: { 'beta.kubernetes.io/arch': 'arm64' }, containers: [{ name: 'main', image: 'example/app:1' }] } });
    new NixEnvironment(chart, 'nix', { store: NixStore.persistent({ architecture: NixArchitecture.AMD64 }) }).enable(app);
  }, 'CDK8SNIX0215', 'nodeSelector.beta.kubernetes.io/arch', '"arm64"', 'a store of their own'],
  ['nodes of another system', enabledPod({ nodeSelector: { 'kubernetes.io/os': 'windows' } }), 'CDK8SNIX0215', 'nodeSelector.kubernetes.io/os', '"windows"', 'Leave it out'],
  ['another system', enabledPod({ os: { name: 'windows' } }), 'CDK8SNIX0215', 'os.name', '"windows"', 'Leave it out'],
  ['a file of the home to work in', chart => {
    const secret = kplus.Secret.fromSecretName(chart, 'secret', 'credentials');
    const home = NixHome.ephemeral({ files: [NixHomeFile.fromSecretValue('.netrc', { secret, key: 'netrc' })] });
    new NixDeployment(chart, 'workspace', { home, containers: [{ image: 'example/app:1', workingDir: '/home/code/.netrc' }] });
  }, 'CDK8SNIX0522', 'containers[main].workingDir', '"/home/code/.netrc"', 'a folder elsewhere'],
  ['variables by their names', chart => {
    const spec = { containers: [{ name: 'main', image: 'example/app:1', env: { LOG_LEVEL: 'debug' } }] };
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'plain', { apiVersion: 'v1', kind: 'Pod', spec }));
  }, 'CDK8SNIX0520', '.spec.containers[0].env', '{"LOG_LEVEL":"debug"}', '- name:'],
  ['a strategy that contradicts itself', chart => {
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } };
    const spec = { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } }, selector: { matchLabels: { app: 'web' } }, template };
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'plain', { apiVersion: 'apps/v1', kind: 'Deployment', spec } as any));
  }, 'CDK8SNIX0527', 'strategy.rollingUpdate', '{"maxSurge":1}', 'Leave it out'],
  ['a selector that finds other pods', chart => {
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } };
    const spec = { replicas: 1, strategy: { type: 'Recreate' }, selector: { matchLabels: { app: 'portal' } }, template };
    new NixEnvironment(chart, 'nix').enable(new kplus.k8s.KubeDeployment(chart, 'plain', { spec }));
  }, 'CDK8SNIX0523', 'spec.selector', '{"app":"portal"}', 'spec.template.metadata.labels'],
  ['a folder outside the home', deployment({ home: NixHome.ephemeral({ folders: ['../other'] }) }), 'CDK8SNIX0406', 'home.folders[0]', '"../other"', '.config/app'],
  ['two files in one place', homeFiles({}, '.netrc', '.netrc'), 'CDK8SNIX0408', 'home.files[1].path', '".netrc"', 'Keep one'],
  ['a file in a file', homeFiles({}, '.app/settings', '.app'), 'CDK8SNIX0408', 'home.files[1].path', '".app"', 'elsewhere'],
  ['a folder in the place of a file', homeFiles({ folders: ['.netrc'] }, '.netrc'), 'CDK8SNIX0408', 'home.folders[0]', '".netrc"', 'Keep one'],
  ['a folder in the place of the profile', homeFiles({ folders: ['.nix-profile/bin'] }), 'CDK8SNIX0408', 'home.folders[0]', '".nix-profile/bin"', 'elsewhere'],
  ['a file by its absolute path', homeFile('/etc/passwd'), 'CDK8SNIX0406', 'home.files[0].path', '"/etc/passwd"', '.config/app'],
  ['a folder of the volume that is none', deployment({ home: NixHome.existing('homes', { folder: '' }) }), 'CDK8SNIX0406', 'home.folder', '""', '.config/app'],
  ['a file that its owner cannot read', homeFile('.netrc', 0o077), 'CDK8SNIX0407', 'home.files[0].mode', '63', '0o600'],
  ['a decimal mode', homeFile('.netrc', 600), 'CDK8SNIX0407', 'home.files[0].mode', '600', '0o600'],
  ['a file with a key that none can be', homeFile('.netrc', 0o600, 'a/b'), 'CDK8SNIX0308', 'home.files[0].key', '"a/b"', 'as it stands there'],
  ['a home on parts of a GiB', deployment({ home: NixHome.persistent({ size: Size.mebibytes(1536) }) }), 'CDK8SNIX0201', 'home.size', '"1536Mi"', 'Size.gibibytes(2)'],
  ['a home on a hostPath', chart => {
    new NixDeployment(chart, 'workspace', { home: NixHome.fromVolume(kplus.Volume.fromHostPath(chart, 'Host', 'host', { path: '/srv/home' })) });
  }, 'CDK8SNIX0205', 'home', '"/srv/home"', 'NixHome.persistent()'],
  ['a home where no container of ours runs', deployment({
    store: NixStore.runtimeClass(NixRuntimeClass.nixSnapshotter()), home: NixHome.persistent(), containers: [{ image: 'example/app:1' }],
  }), 'CDK8SNIX1206', 'home', '"persistent"', 'NixHome.ephemeral()'],
  ['two replicas in one home', deployment({ store: NixStore.emptyDir(), home: NixHome.persistent(), replicas: 2 }), 'CDK8SNIX0206', 'replicas', '2', 'NixHome.ephemeral()'],
  ['an init container before ours that is not there', deployment({ initContainersFirst: ['proxy'] }), 'CDK8SNIX0502', 'initContainersFirst', '"proxy"', 'Give it one'],
  ['an init container before ours that is to have Nix', deployment({
    initContainers: [{ name: 'proxy', image: 'example/proxy:1' }], initContainersFirst: ['proxy'], nixContainers: ['proxy', 'main'], containers: [{ image: 'example/app:1' }],
  }), 'CDK8SNIX0502', 'initContainersFirst', '"proxy"', 'Leave it out'],
  ['a store as text', deployment({ store: 'persistent' as any }), 'CDK8SNIX1304', 'store', '"persistent"', 'NixStore.persistent(…)'],
  ['a misspelt prop', deployment({ imgae: NixImage.upstream() } as any), 'CDK8SNIX1304', 'imgae', '"NixImage"', 'Did you mean "image"?'],
  ['a number as text', deployment({ seed: { jobs: '4' as any } }), 'CDK8SNIX1304', 'seed.jobs', '"4"', 'Write 4, without quotes'],
  ['a root container beside Nix', chart => {
    const app = new kplus.Deployment(chart, 'plain', { containers: [{ name: 'main', image: 'example/app:1' }, { name: 'side', image: 'example/app:1', securityContext: { user: 0 } }] });
    new NixEnvironment(chart, 'nix').enable(app, { containers: ['main'] });
  }, 'CDK8SNIX0404', 'containers[side].securityContext.user', '0', 'PodSecurityLevel.BASELINE'],
  ['a capability beyond baseline', deployment({
    podSecurity: PodSecurityLevel.BASELINE, containers: [{ image: 'example/app:1', securityContext: { capabilities: { add: [kplus.Capability.SYS_PTRACE] } } }],
  }), 'CDK8SNIX0404', 'containers[main].securityContext.capabilities.add', '["SYS_PTRACE"]', 'PodSecurityLevel.PRIVILEGED'],
  ['root that uses the store of another', container({ securityContext: { user: 0 } }), 'CDK8SNIX0403', 'containers[main].securityContext.user', '0', 'NixUser.root()'],
  ['another group', container({ securityContext: { group: 100 } }), 'CDK8SNIX0403', 'containers[main].securityContext.group', '100', 'NixUser.of with gid 100'],
  ['a claim that another user uses', (chart: Chart) => {
    new NixEnvironment(chart, 'one', { store: NixStore.existing('tools') });
    new NixEnvironment(chart, 'two', { store: NixStore.existing('tools'), user: NixUser.of({ uid: 2000 }) });
  }, 'CDK8SNIX0219', 'user.uid', '2000', 'use another claim'],
  ['a mount of a volume that there is not', enabledPod({ containers: [{ name: 'main', image: 'example/app:1', volumeMounts: [{ name: 'dta', mountPath: '/data' }] }], volumes: [{ name: 'data', emptyDir: {} }] }),
    'CDK8SNIX0525', 'containers[main].volumeMounts', '"dta"', 'use one of: data'],
  ['a patch that sets all volumes anew', (chart: Chart) => {
    ApiObject.of(new NixDeployment(chart, 'workspace')).addJsonPatch(JsonPatch.replace('/spec/template/spec/volumes', []));
  }, 'CDK8SNIX0524', '/spec/template/spec/volumes', '"replace"', 'JsonPatch.add("/spec/template/spec/volumes/-"'],
  ['a workload of another app', (chart: Chart) => {
    new NixEnvironment(chart, 'nix').enable(new kplus.Deployment(Testing.chart(), 'plain', { containers: [{ image: 'example/app:1' }] }));
  }, 'CDK8SNIX0528', 'workload', 'another app than test/nix', 'charts of one app'],
  ['a workload that was removed', (chart: Chart) => {
    const plain = new kplus.Deployment(chart, 'plain', { containers: [{ image: 'example/app:1' }] });
    chart.node.tryRemoveChild('plain');
    new NixEnvironment(chart, 'nix').enable(plain);
  }, 'CDK8SNIX0528', 'workload', '"test/plain"', 'what has come in its place'],
  ['a StatefulSet that recreates', (chart: Chart) => {
    const labels = { app: 'theirs' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'example/app:1' }] } };
    const spec = { serviceName: 'theirs', selector: { matchLabels: labels }, template, updateStrategy: { type: 'Recreate' } };
    new NixEnvironment(chart, 'nix').enable(new ApiObject(chart, 'theirs', { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'theirs' }, spec }));
  }, 'CDK8SNIX0527', 'updateStrategy.type', '"Recreate"', 'Write RollingUpdate'],
  ['a patch that adds a second volume of one name', (chart: Chart) => {
    ApiObject.of(new NixDeployment(chart, 'workspace')).addJsonPatch(JsonPatch.add('/spec/template/spec/volumes/-', { name: 'nix-store', emptyDir: {} }));
  }, 'CDK8SNIX0525', 'volumes', '"nix-store"', 'a name of its own'],
  ['a patch of the label by which pods are found', (chart: Chart) => {
    ApiObject.of(new NixDeployment(chart, 'workspace')).addJsonPatch(JsonPatch.replace('/spec/template/metadata/labels/cdk8s-nix~1environment', 'mine'));
  }, 'CDK8SNIX0533', 'spec.template.metadata.labels.cdk8s-nix/environment', '"mine"', 'Leave this label out'],
  ['a policy in small letters', (chart: Chart) => {
    const job = new NixCronJob(chart, 'job', { schedule: Cron.daily(), containers: [{ image: 'example/app:1' }] });
    ApiObject.of(job).addJsonPatch(JsonPatch.replace('/spec/concurrencyPolicy', 'forbid'));
  }, 'CDK8SNIX0520', 'spec.concurrencyPolicy', '"forbid"', 'Write Forbid'],
  ['an environment that depends on its workload', (chart: Chart) => {
    const workspace = new NixDeployment(chart, 'workspace');
    workspace.environment.node.addDependency(ApiObject.of(workspace));
  }, 'CDK8SNIX0529', 'dependencies', '"test/workspace/Nix"', 'Leave out that'],
  ['a StatefulSet whose Service begins with a digit', (chart: Chart) => {
    new NixStatefulSet(new Chart(chart, 'inner', { disableResourceNameHashes: true }), '1st', { metadata: { name: 'first' } });
    chart.node.findAll().filter(ApiObject.isApiObject).filter(({ kind }) => kind === 'Service').forEach(service => service.addJsonPatch(JsonPatch.replace('/metadata/name', '1st')));
  }, 'CDK8SNIX0514', 'metadata.name', '"1st"', 'begin that with a letter'],
  ['a claim of the app that is for one pod', (chart: Chart) => {
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'tools' }, spec: { accessModes: ['ReadWriteOncePod'] } };
    new ApiObject(chart, 'claim', claim);
    const nix = new NixEnvironment(chart, 'nix', { store: NixStore.existing('tools') });
    ['a', 'b'].forEach(id => nix.enable(new kplus.Deployment(chart, id, { containers: [{ image: 'example/app:1' }] })));
  }, 'CDK8SNIX0220', 'store.accessModes', '["ReadWriteOncePod"]', 'READ_WRITE_ONCE_POD'],
  ['workloads of one node that ask for two', (chart: Chart) => {
    const nix = new NixEnvironment(chart, 'nix');
    for (const pool of ['a', 'b']) {
      const theirs = new kplus.Deployment(chart, pool, { containers: [{ image: 'example/app:1' }] });
      ApiObject.of(theirs).addJsonPatch(JsonPatch.add('/spec/template/spec/nodeSelector', { pool }));
      nix.enable(theirs);
    }
  }, 'CDK8SNIX0221', 'nodeSelector.pool', '"b"', 'the same in both'],
  ['two home configurations in one home', (chart: Chart) => {
    new NixEnvironment(chart, 'one', { store: NixStore.existing('tools'), homeManager: HomeManager.profile(HomeManagerProfile.AI) });
    new NixEnvironment(chart, 'two', { store: NixStore.existing('tools'), homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL) });
  }, 'CDK8SNIX0219', 'home.profile', '"container-minimal"', 'NixHome.persistent()'],
];

/** What is wrong in options or patches rather than in the workload. */
const BY_OPTIONS = [
  'a patch of the label by which pods are found', 'a policy in small letters',
  'a patch that sets all volumes anew', 'a patch that adds a second volume of one name', 'a StatefulSet whose Service begins with a digit',
  'a container that is not there', 'no container of all', 'an init container before ours that is not there', 'an init container before ours that is to have Nix',
];

test.each(CASES)('%s', (_, build, code, prop, value, remedy) => {
  const message = synthError(build);
  const line = message.split('\n').find(candidate => candidate.includes(code));
  expect(line).toBeDefined();
  expect(line).toContain(prop);
  expect(line).toContain(value);
  expect(line).toContain(remedy);
  // The construct path.
  expect(line).toMatch(/test\/\w+/);
});

test('all that is wrong is said at once', () => {
  const message = synthError(chart => {
    new NixDeployment(chart, 'first', { image: NixImage.of(''), user: NixUser.of({ uid: 0 }), replicas: 2, config: { maxJobs: -1 } });
    new NixDeployment(chart, 'second', { store: NixStore.existing('') });
  });
  for (const code of ['CDK8SNIX0101', 'CDK8SNIX0401', 'CDK8SNIX0206', 'CDK8SNIX0306', 'CDK8SNIX0202']) {
    expect(message).toContain(code);
  }
});

test('an unpinned image and root are accepted when asked for by name', () => {
  expect(() => synthError(chart => {
    new NixDeployment(chart, 'workspace', { image: NixImage.of('example/nix', { allowLatest: true }), user: NixUser.root() });
  })).toThrow('synth accepted it');
});

/** Codes of what can be wrong with a workload. */
const OF_WORKLOADS = /CDK8SNIX(0101|02|04|05)/;

describe.each(Object.keys(MEANS))('made by %s', means => {
  test('the same is refused in the same words', () => {
    const different: string[] = [];
    const same = new Set<string>();
    for (const [name, build, code, prop, value, remedy] of CASES.filter(([title]) => !BY_OPTIONS.includes(title))) {
      // cdk8s starts a process for each file that it reads: once for each code.
      if (means === 'an Include' && (same.has(code) || !OF_WORKLOADS.test(code))) {
        continue;
      }
      let paths = new Map<string, string>();
      const message = synthErrorOf(chart => {
        build(chart);
        paths = enableAgain(chart, means);
      });
      const lines = message.split('\n').filter(line => line.includes(code) && line.includes(prop) && line.includes(value) && line.includes(remedy));
      for (const [before, after] of paths) {
        if (lines.some(line => line.includes(`[${before}]`))) {
          lines.some(line => line.includes(`[${after}`)) ? same.add(code) : different.push(`${name}: ${message}`);
        }
      }
    }
    expect(different).toEqual([]);
    expect(same.size).toBeGreaterThan(15);
  });
});
