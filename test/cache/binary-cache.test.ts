import { Chart, Duration, Size, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { CaBundle, NixBinaryCache, NixBinaryCacheProps, NixDeployment, NixEnvironment, Substituter } from '../../src';
import { decimalsFrom } from '../../src/base/decimal-pattern';
import { filesOf, only, readable, testChart, variable } from '../support/synth';
import { synthError } from '../support/synth-error';

const KEY = 'cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=';
const EXAMPLE = Substituter.of('https://cache.example.org/team/', KEY);

function cacheChart(props: NixBinaryCacheProps = {}, namespace?: string): { chart: Chart; cache: NixBinaryCache } {
  const chart = testChart(namespace);
  return { chart, cache: new NixBinaryCache(chart, 'cache', props) };
}

function nginxConf(props: NixBinaryCacheProps = {}): string {
  return filesOf(only(Testing.synth(cacheChart(props).chart), 'ConfigMap'))['nginx.conf'];
}

function nixConf(environment: NixEnvironment): string {
  return environment.config.apiObject.toJson().data['nix.conf'];
}

describe('a cache of which nothing is said', () => {
  const { chart } = cacheChart();
  const manifests = Testing.synth(chart);
  const { spec } = only(manifests, 'StatefulSet');

  test('is valid and restricted', () => {
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
    expect(manifests.map(readable)).toMatchSnapshot();
  });

  test('runs nginx as its own user with a read-only root, the cache on a claim and nothing else writable but /tmp', () => {
    const [container] = spec.template.spec.containers;
    expect(container.image).toBe('docker.io/nginxinc/nginx-unprivileged:1.28.0-alpine');
    expect(container.securityContext).toMatchObject({ runAsUser: 101, runAsGroup: 101, readOnlyRootFilesystem: true, runAsNonRoot: true });
    expect(container.volumeMounts.filter((mount: any) => !mount.readOnly)).toEqual([{ name: 'run', mountPath: '/tmp' }, { name: 'cache', mountPath: '/mnt/nix-cache' }]);
    expect(spec.volumeClaimTemplates).toEqual([{
      metadata: { name: 'cache' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '50Gi' } } },
    }]);
    expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Delete', whenScaled: 'Delete' });
  });

  test('has a budget that a drain of its only pod gets past, for the pods of the Service', () => {
    const labels = spec.template.metadata.labels;
    expect(only(manifests, 'PodDisruptionBudget').spec).toEqual({ maxUnavailable: 1, selector: { matchLabels: labels } });
    expect(only(manifests, 'Service').spec).toMatchObject({ selector: labels, ports: [{ port: 80, targetPort: 8080 }] });
  });

  test('lets its namespace in, and itself out to name servers and the upstream only', () => {
    expect(only(manifests, 'NetworkPolicy').spec).toEqual({
      podSelector: { matchLabels: spec.template.metadata.labels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 8080, protocol: 'TCP' }] }],
      egress: [
        { ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }] },
        { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }], ports: [{ port: 443, protocol: 'TCP' }] },
      ],
    });
  });

  test('keeps a fifth of the volume free of what it stores, and stops storing at half of what has to stay free', () => {
    expect(nginxConf()).toContain(' keys_zone=nix:100m max_size=40960m min_free=5120m inactive=7776000s;');
    expect(variable(spec.template.spec.containers[0], 'CACHE_BYPASS_BELOW_KIB')).toBe(String(2560 * 1024));
  });
});

test('every prop finds its place', () => {
  const { chart } = cacheChart({
    upstreams: [Substituter.nixos(), EXAMPLE],
    image: 'registry.example.org/nginx:1.29.3',
    imagePullPolicy: kplus.ImagePullPolicy.ALWAYS,
    userId: 1001,
    replicas: 2,
    volumeSize: Size.gibibytes(10),
    storageClassName: 'fast',
    retain: true,
    maxSize: Size.gibibytes(7),
    minFree: Size.gibibytes(2),
    hitTtl: Duration.hours(1),
    missTtl: Duration.seconds(10),
    unusedFor: Duration.days(7),
    priority: 10,
    caBundle: CaBundle.fromConfigMap(kplus.ConfigMap.fromConfigMapName(testChart(), 'Ca', 'company-ca'), 'roots.pem'),
    port: 9090,
    resources: { memory: { limit: Size.mebibytes(256) } },
    upstreamCidrs: ['10.0.0.0/8'],
  });
  const manifests = Testing.synth(chart);
  const conf = filesOf(only(manifests, 'ConfigMap'))['nginx.conf'];
  const { spec } = only(manifests, 'StatefulSet');
  const [container] = spec.template.spec.containers;
  expect(chart).toBeValidKubernetes({ external: ['ConfigMap/company-ca'] });
  expect(chart).toBeRestricted();

  expect(container).toMatchObject({
    image: 'registry.example.org/nginx:1.29.3',
    imagePullPolicy: 'Always',
    ports: [{ containerPort: 9090 }],
    resources: { limits: { memory: '256Mi' } },
    readinessProbe: { httpGet: { port: 9090 } },
    livenessProbe: { httpGet: { port: 9090 } },
  });
  expect(spec).toMatchObject({ replicas: 2, persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' } });
  expect(spec.template.spec.securityContext).toMatchObject({ runAsUser: 1001, fsGroup: 1001 });
  expect(spec.volumeClaimTemplates[0].spec).toMatchObject({ storageClassName: 'fast', resources: { requests: { storage: '10Gi' } } });
  expect(spec.template.spec.volumes).toContainEqual(
    { name: 'nix-ca-bundle', projected: { sources: [{ configMap: { name: 'company-ca', items: [{ key: 'roots.pem', path: 'ca-bundle.crt' }] } }] } });
  for (const line of [
    'keys_zone=nix:20m max_size=7168m min_free=2048m inactive=604800s;', 'proxy_cache_valid 200 3600s;', 'proxy_cache_valid 403 404 410 10s;', 'listen 9090;',
    'Priority: 10\\n', 'proxy_ssl_trusted_certificate /etc/cdk8s-nix-ca/ca-bundle.crt;', 'location = /cache.example.org-team/nix-cache-info {',
    'set $upstream_url "https://cache.example.org/team/$object$is_args$args";',
  ]) {
    expect(conf).toContain(line);
  }
  expect(only(manifests, 'NetworkPolicy').spec.egress[1].to).toEqual([{ ipBlock: { cidr: '10.0.0.0/8' } }]);
});

test('TLS of upstreams is always checked, by name', () => {
  expect(nginxConf()).toMatch(/proxy_ssl_verify on;[^]*proxy_ssl_server_name on;/);
});

test('a changed nginx.conf restarts the pods, an equal one does not', () => {
  const checksum = (props: NixBinaryCacheProps) => only(Testing.synth(cacheChart(props).chart), 'StatefulSet').spec.template.metadata.annotations['cdk8s-nix/config-checksum'];
  expect(checksum({ priority: 20 })).not.toBe(checksum({}));
  expect(checksum({ priority: 30 })).toBe(checksum({}));
});

test('the network policy can be left out', () => {
  expect(Testing.synth(cacheChart({ networkPolicy: false }).chart).map(manifest => manifest.kind)).not.toContain('NetworkPolicy');
});

describe('an environment with a cache', () => {
  test('asks it first, trusts the keys of its upstreams, and goes on without it', () => {
    const { chart, cache } = cacheChart({ upstreams: [Substituter.nixos(), EXAMPLE] });
    const { environment } = new NixDeployment(chart, 'workspace', { config: { substituters: [Substituter.of('https://other.example.org', KEY)] } });
    environment.useBinaryCache(cache);
    environment.useBinaryCache(cache);
    const host = `http://${cache.service.name}`;
    expect(nixConf(environment)).toContain(`\nsubstituters = ${host}/cache.nixos.org ${host}/cache.example.org-team https://other.example.org https://cache.nixos.org\n`);
    expect(nixConf(environment)).toContain(`\ntrusted-public-keys = ${Substituter.nixos().publicKeys[0]} ${KEY}\n`);
    expect(nixConf(environment)).toMatch(/\nfallback = true\nconnect-timeout = 5\n/);
    expect(chart).toBeValidKubernetes();
  });

  test('keeps its own wish for fallback and time-out', () => {
    const { chart, cache } = cacheChart();
    const { environment } = new NixDeployment(chart, 'workspace', { config: { settings: { 'fallback': false, 'connect-timeout': 30 } } });
    environment.useBinaryCache(cache);
    expect(nixConf(environment).match(/^(fallback|connect-timeout) = .*/gm)).toEqual(['connect-timeout = 30', 'fallback = false']);
  });

  test('in another namespace uses its whole name, and is let in', () => {
    const { chart, cache } = cacheChart({}, 'caches');
    const team = new Chart(chart.node.root as any, 'team', { namespace: 'team' });
    const { environment } = new NixDeployment(team, 'workspace');
    environment.useBinaryCache(cache);
    expect(nixConf(environment)).toContain(`substituters = http://${cache.service.name}.caches.svc/cache.nixos.org `);
    expect(only(Testing.synth(chart), 'NetworkPolicy').spec.ingress[0].from).toEqual([
      { podSelector: {} }, { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'team' } } },
    ]);
  });

  test('cannot say where the cache is if only one of them has a namespace', () => {
    const message = synthError(chart => {
      const cache = new NixBinaryCache(new Chart(chart.node.root as any, 'caches', { namespace: 'caches' }), 'cache');
      new NixDeployment(chart, 'workspace').environment.useBinaryCache(cache);
    });
    expect(message).toContain('CDK8SNIX0805 useBinaryCache: got "caches/cache".');
    expect(message).toContain('the namespace "caches"');
  });
});

test.each([1, 9, 10, 99, 100, 1999, 2147483649, 5368709120])('the pattern for numbers from %i is exact', least => {
  const pattern = new RegExp(decimalsFrom(least));
  const near = [-1000, -10, -1, 0, 1, 9, 10, 991].map(step => least + step);
  const around = [1, 5, 9, 10, 11, 99, 100, 101, 999, 1000, 1999, 2000, ...near, least * 2, least * 10, least * 11];
  for (const number of around.filter(candidate => candidate >= 0)) {
    expect([number, pattern.test(String(number))]).toEqual([number, number >= least]);
  }
});

const upstream = (url: string, ...more: string[]): NixBinaryCacheProps => ({ upstreams: [url, ...more].map(each => Substituter.of(each, KEY)) });

test.each<[string, NixBinaryCacheProps, string, string, string, string]>([
  ['no upstream', { upstreams: [] }, 'CDK8SNIX0801', 'upstreams', '[]', 'Leave it out'],
  ['an upstream in a bucket', upstream('s3://bucket'), 'CDK8SNIX0801', 'upstreams[0].url', '"s3://bucket"', 'config.substituters'],
  ['parameters', upstream('https://cache.example.org?priority=1'), 'CDK8SNIX0801', 'upstreams[0].url', 'priority=1"', 'Leave them out'],
  ['TLS with an address', upstream('https://192.0.2.1'), 'CDK8SNIX0801', 'upstreams[0].url', '"https://192.0.2.1"', 'Use the name'],
  ['a name without a domain', upstream('http://minio:9000'), 'CDK8SNIX0801', 'upstreams[0].url', '"http://minio:9000"', 'svc.cluster.local'],
  ['the short name of a Service', upstream('http://minio.tools.svc'), 'CDK8SNIX0801', 'upstreams[0].url', '"http://minio.tools.svc"', 'svc.cluster.local'],
  ['no URL', upstream('cache'), 'CDK8SNIX0301', 'upstreams[0].url', '"cache"', 'https://cache.example.org'],
  ['no key', { upstreams: [Substituter.of('https://cache.example.org')] }, 'CDK8SNIX0302', 'upstreams[0].publicKeys', '"https://', 'name:base64'],
  ['one upstream twice', upstream('https://a.example.org/', 'https://a.example.org'), 'CDK8SNIX0802', 'upstreams[1].url', '"https://a.example.org"', 'Leave one'],
  ['half a GiB', { volumeSize: Size.mebibytes(512) }, 'CDK8SNIX0803', 'volumeSize', '"512Mi"', 'Size.gibibytes(50)'],
  ['no volume', { volumeSize: Size.gibibytes(0) }, 'CDK8SNIX0803', 'volumeSize', '"0Gi"', 'Size.gibibytes(50)'],
  ['more than the volume', { maxSize: Size.gibibytes(50) }, 'CDK8SNIX0803', 'maxSize', '"50Gi"', 'volume larger'],
  ['too much kept free', { minFree: Size.gibibytes(11) }, 'CDK8SNIX0803', 'minFree', '"11Gi"', 'volume larger'],
  ['nothing kept free', { minFree: Size.mebibytes(0) }, 'CDK8SNIX0803', 'minFree', '"0Mi"', 'Leave it out'],
  ['no time', { missTtl: Duration.seconds(0) }, 'CDK8SNIX0804', 'missTtl', '"0 seconds"', 'Duration.minutes(1)'],
  ['half a second', { hitTtl: Duration.millis(1500) }, 'CDK8SNIX0804', 'hitTtl', '"', 'Duration.minutes(1)'],
  ['a privileged port', { port: 80 }, 'CDK8SNIX0806', 'port', '80', 'default'],
  ['half a port', { port: 8080.5 }, 'CDK8SNIX0806', 'port', '8080.5', 'default'],
  ['no replica', { replicas: 0 }, 'CDK8SNIX0806', 'replicas', '0', 'default'],
  ['root', { userId: 0 }, 'CDK8SNIX0806', 'userId', '0', 'default'],
  ['a negative priority', { priority: -1 }, 'CDK8SNIX0806', 'priority', '-1', 'default'],
  ['an image that is not pinned', { image: 'nginx' }, 'CDK8SNIX0102', 'image', '"nginx"', 'digest'],
  ['a class in upper case', { storageClassName: 'Fast' }, 'CDK8SNIX0202', 'storageClassName', '"Fast"', 'kubectl get storageclass'],
  ['an address for a CIDR', { upstreamCidrs: ['10.0.0.1'] }, 'CDK8SNIX1104', 'upstreamCidrs[0]', '"10.0.0.1"', 'Did you mean "10.0.0.1/32"?'],
])('%s is refused', (_, props, code, prop, value, remedy) => {
  const message = synthError(chart => new NixBinaryCache(chart, 'cache', props));
  expect(message).toContain(`${code} ${prop}: got `);
  expect(message).toContain(value);
  expect(message).toContain(remedy);
});

test('an upstream that is no URL is reported at synth, also if an environment uses the cache', () => {
  const message = synthError(chart => {
    new NixDeployment(chart, 'workspace').environment.useBinaryCache(new NixBinaryCache(chart, 'cache', upstream('cache')));
  });
  expect(message).toContain('CDK8SNIX0301 upstreams[0].url: got "cache".');
});

test('all mistakes are reported at once', () => {
  const message = synthError(chart => new NixBinaryCache(chart, 'cache', { port: 1, replicas: 0, volumeSize: Size.mebibytes(1), upstreams: [] }));
  expect(message.match(/CDK8SNIX\d{4}/g)!.sort()).toEqual(['CDK8SNIX0801', 'CDK8SNIX0803', 'CDK8SNIX0806', 'CDK8SNIX0806']);
});
