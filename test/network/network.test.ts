import { ApiObject, Chart, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import {
  CaBundle, HomeManager, HomeManagerProfile, NixBinaryCache, NixDeployment, NixDeploymentProps, NixEnvironment, NixNetworkPolicyOptions,
  NixProgram,
  NixProxyOptions, NixStore, Substituter,
} from '../../src';
import { mountAt, only, podSpec, testChart, variable } from '../support/synth';
import { synthError } from '../support/synth-error';

const KEY = 'cache.example.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=';
const DNS = { ports: [{ port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }] };
const ANYWHERE = [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }];

function tcp(...ports: number[]): unknown {
  return ports.map(port => ({ port, protocol: 'TCP' }));
}

describe('a CA bundle', () => {
  const chart = testChart();
  const configMap = new kplus.ConfigMap(chart, 'Ca', { metadata: { name: 'company-ca' }, data: { 'ca-bundle.crt': 'PEM' } });
  new NixDeployment(chart, 'workspace', { caBundle: CaBundle.fromConfigMap(configMap), homeManager: HomeManager.profile(HomeManagerProfile.MINIMAL) });
  const pod = podSpec(chart);
  const file = '/etc/cdk8s-nix-ca/ca-bundle.crt';

  test('is what Nix and the other programs are told to trust, also where the home is activated', () => {
    const activation = pod.initContainers.find((container: any) => container.name === 'activate-home');
    for (const container of [pod.containers[0], activation]) {
      for (const name of ['NIX_SSL_CERT_FILE', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO', 'REQUESTS_CA_BUNDLE', 'AWS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS']) {
        expect([name, variable(container, name)]).toEqual([name, file]);
      }
      expect(mountAt(container, '/etc/cdk8s-nix-ca')).toEqual({ name: 'nix-ca-bundle', mountPath: '/etc/cdk8s-nix-ca', readOnly: true });
    }
    expect(chart).toBeValidKubernetes();
    expect(chart).toBeRestricted();
  });

  test('comes from a ConfigMap or a Secret, by reference', () => {
    expect(pod.volumes).toContainEqual(
      { name: 'nix-ca-bundle', projected: { sources: [{ configMap: { name: 'company-ca', items: [{ key: 'ca-bundle.crt', path: 'ca-bundle.crt' }] } }] } });
    const other = testChart();
    new NixDeployment(other, 'workspace', { caBundle: CaBundle.fromSecret(kplus.Secret.fromSecretName(other, 'Ca', 'company-ca'), 'tls.crt') });
    expect(podSpec(other).volumes).toContainEqual(
      { name: 'nix-ca-bundle', projected: { sources: [{ secret: { name: 'company-ca', items: [{ key: 'tls.crt', path: 'ca-bundle.crt' }] } }] } });
  });

  test('has a key that a ConfigMap can have', () => {
    expect(synthError(other => new NixDeployment(other, 'workspace', { caBundle: CaBundle.fromConfigMap(kplus.ConfigMap.fromConfigMapName(other, 'Ca', 'ca'), 'a/b') })))
      .toContain('CDK8SNIX0308 caBundle.key: got "a/b".');
  });

  test('a variable of the container wins', () => {
    const own = testChart();
    const env = { GIT_SSL_CAINFO: kplus.EnvValue.fromValue('/own.crt') };
    new NixDeployment(own, 'workspace', { caBundle: CaBundle.fromConfigMap(configMap), containers: [{ image: 'example/app:1', envVariables: env }] });
    expect(variable(podSpec(own).containers[0], 'GIT_SSL_CAINFO')).toBe('/own.crt');
  });
});

describe('a proxy', () => {
  test('is in the variables of both spellings, and nothing in the cluster goes through it', () => {
    const chart = testChart();
    const cache = new NixBinaryCache(chart, 'cache');
    const { environment } = new NixDeployment(chart, 'workspace', {
      proxy: { httpProxy: 'http://proxy.example.org:3128', httpsProxy: 'http://proxy.example.org:3129', noProxy: ['.example.org', '10.0.0.0/8', '*.corp'] },
    });
    environment.useBinaryCache(cache);
    const [container] = podSpec(chart).containers;
    const noProxy = `localhost,127.0.0.1,::1,.svc,.cluster.local,${cache.service.name},.example.org,10.0.0.0/8,*.corp`;
    for (const [name, value] of [['http_proxy', 'http://proxy.example.org:3128'], ['https_proxy', 'http://proxy.example.org:3129'], ['no_proxy', noProxy]]) {
      expect([variable(container, name), variable(container, name.toUpperCase())]).toEqual([value, value]);
    }
  });

  test.each<[string, NixProxyOptions, string, string, string]>([
    ['none named', {}, 'CDK8SNIX1101 proxy: got {}', 'httpsProxy', ''],
    ['no URL', { httpProxy: 'proxy.example.org:3128' }, 'CDK8SNIX1101 proxy.httpProxy: got "proxy.example.org:3128"', 'http://proxy.example.org:3128', ''],
    ['another protocol', { httpsProxy: 'ftp://proxy.example.org' }, 'CDK8SNIX1101 proxy.httpsProxy: got "ftp://', 'http://proxy.example.org:3128', ''],
    ['a variable', { httpsProxy: 'http://$(HOST):3128' }, 'CDK8SNIX1101 proxy.httpsProxy: got "http://$(HOST)', 'http://proxy.example.org:3128', ''],
    ['a path', { httpProxy: 'http://proxy.example.org/x' }, 'CDK8SNIX1101 proxy.httpProxy: got "http://proxy.example.org/x"', 'no path', ''],
    ['a password', { httpsProxy: 'http://me:hunter2@proxy.example.org' }, 'CDK8SNIX1102 proxy.httpsProxy: got "http://…@proxy.example.org"', 'fromSecretValue', 'hunter2'],
    ['two exceptions in one', { httpProxy: 'http://p.example.org', noProxy: ['a,b'] }, 'CDK8SNIX1103 proxy.noProxy: got "a,b"', '.example.org', ''],
    ['an exception with a path', { httpProxy: 'http://p.example.org', noProxy: ['example.org/x'] }, 'CDK8SNIX1103 proxy.noProxy: got "example.org/x"', '10.0.0.0/8', ''],
    ['too many bits', { httpProxy: 'http://p.example.org', noProxy: ['10.0.0.0/33'] }, 'CDK8SNIX1103 proxy.noProxy: got "10.0.0.0/33"', '10.0.0.0/8', ''],
  ])('%s is refused', (_, proxy, problem, remedy, secret) => {
    const message = synthError(chart => new NixDeployment(chart, 'workspace', { proxy }));
    expect(message).toContain(problem);
    expect(message).toContain(remedy);
    if (secret) {
      expect(message).not.toContain(secret);
    }
  });
});

describe('a restricted network', () => {
  type Prepare = (chart: Chart, environment: NixEnvironment) => void;

  function restricted(props: NixDeploymentProps, options?: NixNetworkPolicyOptions, prepare: Prepare = () => {}): any {
    const chart = testChart();
    const { environment } = new NixDeployment(chart, 'workspace', props);
    prepare(chart, environment);
    const policy: ApiObject = environment.restrictNetwork(options);
    const manifests = Testing.synth(chart);
    expect(chart).toBeValidKubernetes();
    return { manifests, ...manifests.find((manifest: any) => manifest.metadata.name === policy.name) };
  }

  test('lets the pods reach name servers and the public cache, and nobody reach the pods', () => {
    const { manifests, ...policy } = restricted({});
    const { spec } = policy;
    expect(spec).toEqual({
      podSelector: { matchLabels: { 'cdk8s-nix/environment': expect.any(String) } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [],
      egress: [DNS, { to: ANYWHERE, ports: tcp(443) }],
    });
    const { template, selector } = only(manifests, 'Deployment').spec;
    expect(template.metadata.labels).toMatchObject(spec.podSelector.matchLabels);
    // A selector cannot change: what is in it now would have to stay.
    expect(Object.keys(selector.matchLabels)).not.toContain('cdk8s-nix/environment');
    expect(policy).toMatchSnapshot();
  });

  test('follows the substituters', () => {
    const substituters = ['https://a.example.org:8443', 'http://b.example.org', 's3://bucket', 'ssh://c.example.org', 'file:///mnt/cache'].map(url => Substituter.of(url, KEY));
    const { spec } = restricted({ config: { substituters, defaultSubstituter: false } });
    expect(spec.egress).toEqual([DNS, { to: ANYWHERE, ports: tcp(22, 80, 443, 8443) }]);
  });

  test.each<[string, number[]]>([
    ['github:owner/echo/v1.2.3', [443]],
    ['gitlab:owner/echo/v1.2.3?host=gitlab.example.org', [443]],
    ['sourcehut:~owner/echo/v1.2.3', [443]],
    ['git+ssh://git@git.example.org/echo?ref=refs/tags/v1', [22]],
    ['git+ssh://git@git.example.org:2222/echo?ref=refs/tags/v1', [2222]],
    ['git+https://git.example.org:8443/echo?ref=refs/tags/v1', [8443]],
    ['git+http://git.example.org/echo?ref=refs/tags/v1', [80]],
    ['git://git.example.org/echo?ref=refs/tags/v1', [9418]],
    ['https://example.org:8443/echo.tar.gz?narHash=sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', [8443]],
    ['tarball+http://example.org/echo?narHash=sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=#x', [80]],
    ['path:/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-source', []],
    ['git+file:///srv/echo?ref=refs/tags/v1', []],
  ])('lets a program come from %s', (reference, ports) => {
    const config = { defaultSubstituter: false, substituters: [Substituter.of('http://cache.example.org:81', KEY)] };
    const { spec } = restricted({ config, programs: [NixProgram.flake(reference)] });
    expect(spec.egress).toEqual([DNS, { to: ANYWHERE, ports: tcp(...[81, ...ports].sort((a, b) => a - b)) }]);
  });

  test('lets a program come that is added later, and by the proxy', () => {
    const later = restricted({ config: { defaultSubstituter: false }, containers: [{ image: 'example/app:1' }] }, undefined, (_, environment) => {
      environment.containerFor(NixProgram.flake('git+ssh://git@git.example.org/echo?ref=refs/tags/v1', { name: 'late' }));
    });
    expect(later.spec.egress).toEqual([DNS, { to: ANYWHERE, ports: tcp(22) }]);
    const config = { defaultSubstituter: false };
    expect(restricted({ config, programs: [NixProgram.flake('github:owner/echo/v1.2.3')], proxy: { httpsProxy: 'http://proxy.example.org:3128' } }).spec.egress)
      .toEqual([DNS, { to: ANYWHERE, ports: tcp(3128) }]);
    // A store path has no sources.
    expect(restricted({ config, programs: [NixProgram.package('/nix/store/3n58xw4373jp0ljirf06d8077j15pc4j-hello-2.12.1/bin/hello')] }).spec.egress).toEqual([DNS]);
  });

  test('follows caches that are added by settings and raw lines', () => {
    const { spec } = restricted({
      config: {
        defaultSubstituter: false,
        settings: { 'extra-substituters': ['https://a.example.org:8443', 'http://b.example.org'], 'extra-trusted-public-keys': KEY },
        extraLines: ['extra-substituters = http://c.example.org:8080 # ours'],
      },
    });
    expect(spec.egress).toEqual([DNS, { to: ANYWHERE, ports: tcp(80, 8080, 8443) }]);
  });

  test.each([
    ['s3://bucket?region=eu-west-1', 443],
    ['s3://bucket?scheme=http', 80],
    ['s3://bucket?endpoint=minio.example.org:9000&scheme=http', 9000],
    ['s3://bucket?endpoint=minio.example.org', 443],
    ['s3://bucket?endpoint=http://minio.example.org:9001', 9001],
  ])('%s is reached at port %d', (url, port) => {
    const { spec } = restricted({ config: { defaultSubstituter: false, substituters: [Substituter.of(url, KEY)] } });
    expect(spec.egress).toEqual([DNS, { to: ANYWHERE, ports: tcp(port) }]);
  });

  test.each<[string, string[], number[]]>([
    ['a host of an excepted domain', ['https://cache.corp.example:8443'], [8443]],
    ['an address in an excepted range', ['http://10.1.2.3:8080', 'http://[fd00::1]:8081'], [8080, 8081]],
    ['a service of the cluster', ['s3://bucket?endpoint=minio.storage.svc:9000&scheme=http'], [9000]],
    ['others', ['https://cache.example.org:8443', 'http://11.1.2.3:8080', 's3://bucket?endpoint=minio.example.org:9000', 'https://notcorp.example'], [3128]],
  ])('beside a proxy, %s: directly or not', (_, urls, ports) => {
    const { spec } = restricted({
      proxy: { httpProxy: 'http://proxy.example.org:3128', httpsProxy: 'http://proxy.example.org:3128', noProxy: ['.corp.example', '10.0.0.0/8', 'fd00::/8'] },
      config: { defaultSubstituter: false, substituters: urls.map(url => Substituter.of(url, KEY)) },
    });
    expect(spec.egress).toEqual([DNS, { to: ANYWHERE, ports: tcp(...ports) }]);
  });

  test('with a cache in the cluster only, nothing outside is reached', () => {
    const { spec, manifests } = restricted({ config: { defaultSubstituter: false } }, undefined,
      (chart, environment) => {
        const cache = new NixBinaryCache(chart, 'cache');
        environment.useBinaryCache(cache);
        // A second time changes nothing.
        environment.useBinaryCache(cache);
      });
    expect(spec.egress).toEqual([DNS, { to: [{ podSelector: { matchLabels: only(manifests, 'StatefulSet').spec.template.metadata.labels } }], ports: tcp(8080) }]);
  });

  test('a cache in another namespace is found there', () => {
    const chart = testChart('team');
    const cache = new NixBinaryCache(new Chart(chart.node.root as any, 'caches', { namespace: 'caches' }), 'cache', { port: 9090 });
    const { environment } = new NixDeployment(chart, 'workspace');
    environment.restrictNetwork();
    environment.useBinaryCache(cache);
    expect(only(Testing.synth(chart), 'NetworkPolicy').spec.egress[1]).toEqual({
      to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'caches' } }, podSelector: { matchLabels: cache.statefulSet.matchLabels } }],
      ports: tcp(9090),
    });
  });

  test('through a proxy only the proxy is reached', () => {
    expect(restricted({ proxy: { httpsProxy: 'http://proxy.example.org:3128' } }).spec.egress).toEqual([DNS, { to: ANYWHERE, ports: tcp(3128) }]);
  });

  test('takes CIDRs and ports', () => {
    expect(restricted({}, { externalCidrs: ['10.0.0.0/8', 'fd00::/8'], externalPorts: [22, 443], dnsPorts: [5353] }).spec.egress).toEqual([
      { ports: [{ port: 5353, protocol: 'UDP' }, { port: 5353, protocol: 'TCP' }] },
      { to: [{ ipBlock: { cidr: '10.0.0.0/8' } }, { ipBlock: { cidr: 'fd00::/8' } }], ports: tcp(22, 443) },
    ]);
  });

  test('has a name, labels and annotations', () => {
    const metadata = { name: 'workspace', labels: { team: 'platform' }, annotations: { 'example.org/owner': 'ann' } };
    expect(restricted({}, { metadata }).metadata).toMatchObject(metadata);
  });

  test('holds for workloads that are enabled before and after', () => {
    const chart = testChart();
    const environment = new NixEnvironment(chart, 'nix', { store: NixStore.emptyDir() });
    const job = (id: string): kplus.Job => new kplus.Job(chart, id, { containers: [{ image: 'example/app:1' }] });
    environment.enable(job('before'));
    environment.restrictNetwork();
    environment.enable(job('after'));
    const manifests = Testing.synth(chart);
    const { matchLabels } = only(manifests, 'NetworkPolicy').spec.podSelector;
    const labels = manifests.filter((manifest: any) => manifest.kind === 'Job').map((manifest: any) => manifest.spec.template.metadata.labels);
    expect(labels).toEqual([expect.objectContaining(matchLabels), expect.objectContaining(matchLabels)]);
  });

  test('is asked for once', () => {
    const { environment } = new NixDeployment(testChart(), 'workspace');
    environment.restrictNetwork();
    expect(() => environment.restrictNetwork()).toThrow('CDK8SNIX1106 test/workspace/Nix: restricted twice.');
  });

  test.each<[string, NixNetworkPolicyOptions, string, string]>([
    ['a host name', { externalCidrs: ['cache.example.org'] }, 'CDK8SNIX1104 externalCidrs[0]: got "cache.example.org"', '10.0.0.0/8'],
    ['an address', { externalCidrs: ['fd00::1'] }, 'CDK8SNIX1104 externalCidrs[0]: got "fd00::1"', 'Did you mean "fd00::1/128"?'],
    ['too many bits', { externalCidrs: ['10.0.0.0/40'] }, 'CDK8SNIX1104 externalCidrs[0]: got "10.0.0.0/40"', 'Did you mean "10.0.0.0/32"?'],
    ['port 0', { externalPorts: [0] }, 'CDK8SNIX1105 externalPorts[0]: got 0', '443'],
    ['half a port', { dnsPorts: [53.5] }, 'CDK8SNIX1105 dnsPorts[0]: got 53.5', '1 to 65535'],
    ['a name in upper case', { metadata: { name: 'Portal' } }, 'CDK8SNIX0514 metadata.name: got "Portal"', '"workspace"'],
    ['another namespace', { metadata: { namespace: 'other' } }, 'CDK8SNIX0514 metadata.namespace: got "other"', 'on the chart'],
    ['a label of two lines', { metadata: { labels: { team: 'a\nb' } } }, 'CDK8SNIX0208 metadata.labels: got "team=a', 'annotation'],
  ])('%s is refused', (_, options, problem, remedy) => {
    const message = synthError(chart => new NixDeployment(chart, 'workspace').environment.restrictNetwork(options));
    expect(message).toContain(problem);
    expect(message).toContain(remedy);
  });
});

describe('several netrc files', () => {
  const chart = testChart();
  const secret = (name: string): kplus.ISecret => kplus.Secret.fromSecretName(chart, name, name);
  new NixDeployment(chart, 'workspace', {
    config: { netrc: { secret: secret('team'), key: 'netrc' }, extraNetrcs: [{ secret: secret('org'), key: '.netrc' }, { secret: secret('team2'), key: 'netrc' }] },
  });
  const pod = podSpec(chart);

  test('become one, in memory, by an init container that alone sees the Secrets', () => {
    const merge = pod.initContainers.find((container: any) => container.name === 'merge-netrc');
    expect(mountAt(merge, '/mnt/nix-netrc-parts')).toEqual({ name: 'nix-netrc-parts', mountPath: '/mnt/nix-netrc-parts', readOnly: true });
    expect(pod.volumes).toContainEqual({ name: 'nix-netrc', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } });
    expect(pod.volumes).toContainEqual({
      name: 'nix-netrc-parts',
      projected: {
        defaultMode: 0o440,
        sources: [
          { secret: { name: 'team', items: [{ key: 'netrc', path: '00-team-netrc' }] } },
          { secret: { name: 'org', items: [{ key: '.netrc', path: '01-org-.netrc' }] } },
          { secret: { name: 'team2', items: [{ key: 'netrc', path: '02-team2-netrc' }] } },
        ],
      },
    });
    expect(pod.containers[0].volumeMounts.filter((mount: any) => /netrc/.test(mount.name))).toEqual([{ name: 'nix-netrc', mountPath: '/etc/cdk8s-nix-netrc', readOnly: true }]);
    expect(chart).toBeRestricted();
    expect(chart).toBeValidKubernetes({ external: ['Secret/team', 'Secret/org', 'Secret/team2'] });
  });

  test('nix.conf names the joined file', () => {
    const conf = Testing.synth(chart).find((manifest: any) => manifest.data?.['nix.conf'])!.data['nix.conf'];
    expect(conf).toContain('\nnetrc-file = /etc/cdk8s-nix-netrc/netrc\n');
  });

  test('one alone is mounted as it is', () => {
    const alone = testChart();
    new NixDeployment(alone, 'workspace', { config: { extraNetrcs: [{ secret: secret('only'), key: 'netrc' }] } });
    const { initContainers, volumes } = podSpec(alone);
    expect(initContainers.map((container: any) => container.name)).not.toContain('merge-netrc');
    expect(volumes.find((volume: any) => volume.name === 'nix-secrets').projected.sources).toEqual([{ secret: { name: 'only', items: [{ key: 'netrc', path: 'netrc' }] } }]);
  });

  test('a key with a slash is refused', () => {
    expect(synthError(other => new NixDeployment(other, 'workspace', { config: { extraNetrcs: [{ secret: kplus.Secret.fromSecretName(other, 'S', 's'), key: 'a/b' }] } })))
      .toContain('CDK8SNIX0308 config.extraNetrcs[0].key: got "a/b".');
  });
});
