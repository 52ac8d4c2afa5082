import { ApiObject, Chart, JsonPatch, Testing } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { BackstageHttpRouteOptions, BackstageNixProps, BackstagePreset } from '../../src';
import { only, testChart } from '../support/synth';
import { synthError } from '../support/synth-error';
import { appConfig, portal } from './support/portal';

function synth(props: Partial<BackstageNixProps>): any[] {
  const chart = testChart('portal');
  portal(chart, props);
  const manifests = Testing.synth(chart);
  expect(manifests).toBeValidKubernetes({ external: ['*'], customKinds: ['gateway.networking.k8s.io/v1/HTTPRoute'] });
  return manifests;
}

const GATEWAY: BackstageHttpRouteOptions = { gateway: 'public', gatewayNamespace: 'gateways', listener: 'https' };

describe('an HTTPRoute', () => {
  test('leads from a listener of the Gateway to the Service', () => {
    const manifests = synth({ httpRoute: { ...GATEWAY, metadata: { name: 'backstage', annotations: { 'example.org/a': 'b' } } } });
    const { apiVersion, metadata, spec } = only(manifests, 'HTTPRoute');
    expect(apiVersion).toBe('gateway.networking.k8s.io/v1');
    expect(metadata).toMatchObject({ name: 'backstage', namespace: 'portal', annotations: { 'example.org/a': 'b' } });
    expect(spec).toEqual({
      parentRefs: [{ name: 'public', namespace: 'gateways', sectionName: 'https' }],
      hostnames: ['portal.example.org'],
      rules: [{
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        backendRefs: [{ name: only(manifests, 'Service').metadata.name, port: 80 }],
      }],
    });
    expect(manifests.map(m => m.kind)).not.toContain('Ingress');
  });

  test('names a Gateway of its own namespace by its name alone', () => {
    expect(only(synth({ httpRoute: { gateway: 'public' } }), 'HTTPRoute').spec.parentRefs).toEqual([{ name: 'public' }]);
  });

  test('may have several host names, the portal\'s among them', () => {
    const hostnames = ['*.example.org', 'old.example.com'];
    expect(only(synth({ httpRoute: { ...GATEWAY, hostnames } }), 'HTTPRoute').spec.hostnames).toEqual(hostnames);
  });

  test('and an Ingress may stand side by side, while one takes over from the other', () => {
    const kinds = synth({ httpRoute: GATEWAY, ingress: {} }).map(m => m.kind);
    expect(kinds).toEqual(expect.arrayContaining(['HTTPRoute', 'Ingress']));
  });
});

describe('the path of the base URL', () => {
  const props = { baseUrl: 'https://tools.example.org/portal/', ingress: {}, httpRoute: GATEWAY };
  const manifests = synth(props);

  test('is the prefix in Ingress and HTTPRoute', () => {
    expect(only(manifests, 'Ingress').spec.rules[0].http.paths[0]).toMatchObject({ path: '/portal', pathType: 'Prefix' });
    expect(only(manifests, 'HTTPRoute').spec.rules[0].matches).toEqual([{ path: { type: 'PathPrefix', value: '/portal' } }]);
  });

  test('is taken off before it reaches the portal, which knows nothing of it', () => {
    const filter = { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } };
    expect(only(manifests, 'HTTPRoute').spec.rules[0].filters).toEqual([filter]);
    expect(only(synth({ ...props, httpRoute: { ...GATEWAY, stripPath: false } }), 'HTTPRoute').spec.rules[0].filters).toBeUndefined();
  });

  test('is no part of the origin that browsers send', () => {
    expect(appConfig(manifests).backend).toMatchObject({ baseUrl: 'https://tools.example.org/portal', cors: { origin: 'https://tools.example.org' } });
  });
});

test.each<[string, (chart: Chart) => Partial<BackstageNixProps>, string, string]>([
  ['a Gateway in upper case', () => ({ httpRoute: { gateway: 'Public' } }), 'CDK8SNIX0909 httpRoute.gateway: got "Public"', 'kubectl get gateways'],
  ['a namespace with a dot', () => ({ httpRoute: { gateway: 'public', gatewayNamespace: 'a.b' } }), 'CDK8SNIX0909 httpRoute.gatewayNamespace: got "a.b"', 'leave it out'],
  ['a listener with a space', () => ({ httpRoute: { gateway: 'public', listener: 'my https' } }), 'CDK8SNIX0909 httpRoute.listener: got "my https"', 'spec.listeners'],
  ['a host name with a port', () => ({ httpRoute: { ...GATEWAY, hostnames: ['portal.example.org', 'x.org:443'] } }), 'CDK8SNIX0909 httpRoute.hostnames[1]: got "x.org:443"', 'portal.example.org'],
  ['host names without the portal\'s', () => ({ httpRoute: { ...GATEWAY, hostnames: ['*.portal.example.org'] } }), 'CDK8SNIX0909 httpRoute.hostnames', 'portal.example.org, is not among them'],
  ['an address', () => ({ baseUrl: 'https://10.0.0.1', httpRoute: GATEWAY }), 'CDK8SNIX0904 baseUrl: got "https://10.0.0.1"', 'leave `httpRoute` out'],
  ['a base URL with a query', () => ({ baseUrl: 'https://portal.example.org/?a=b' }), 'CDK8SNIX0901 baseUrl: got "https://portal.example.org/?a=b"', 'Leave out "?"'],
  ['a path with two slashes', () => ({ baseUrl: 'https://portal.example.org//x' }), 'CDK8SNIX0901 baseUrl: got "https://portal.example.org//x"', 'tools.example.org/portal'],
  ['a path with a slash in disguise', () => ({ baseUrl: 'https://portal.example.org/a%2fb' }), 'CDK8SNIX0901 baseUrl: got "https://portal.example.org/a%2fb"', 'tools.example.org/portal'],
  ['a Service that leads elsewhere', () => ({ service: { ports: [{ port: 80 }] }, ingress: {} }), 'CDK8SNIX0914 service.ports: got [{"port":80}]', 'targetPort: 7007'],
  ['a Service without ports', () => ({ service: { ports: [] }, ingress: {} }), 'CDK8SNIX0914 service.ports: got []', 'targetPort: 7007'],
  ['a Service that is another name', () => ({ service: { externalName: 'portal.example.com' } }), 'CDK8SNIX0914 service.externalName: got "ExternalName"', 'Leave it out'],
  ['an annotation twice', () => ({ ingress: { annotations: { a: '1' }, metadata: { annotations: { a: '2' } } } }), 'CDK8SNIX0906 ingress.metadata.annotations.a: got "2"', 'Keep one of the two'],
  ['a name of a Service in upper case', () => ({ service: { metadata: { name: 'Backstage' } } }), 'CDK8SNIX0915 service.metadata.name: got "Backstage"', '"backstage"'],
  ['an annotation of an Ingress with a space', () => ({ ingress: { metadata: { annotations: { 'a b': 'c' } } } }), 'CDK8SNIX0208 ingress.metadata.annotations: got "a b"', 'example.org/owner'],
  ['an object in another namespace than the pods', () => ({ metadata: { configMap: { namespace: 'other' } } }), 'CDK8SNIX0915 metadata.configMap.namespace: got "other"', 'on the chart'],
  ['a certificate for a portal without TLS', chart => ({
    baseUrl: 'http://portal.example.org', preset: BackstagePreset.STAGING, ingress: { tlsSecret: kplus.Secret.fromSecretName(chart, 'Tls', 'tls') },
  }), 'CDK8SNIX0901 baseUrl: got "http://portal.example.org"', 'leave out ingress.tlsSecret'],
  ['a configuration file without a name', () => ({ configFiles: ['app-config.yaml', ''] }), 'CDK8SNIX0905 configFiles[1]: got ""', '"app-config.yaml"'],
  ['an account in no namespace', () => ({}), 'CDK8SNIX0915 namespace: got nothing', 'clusterAccess: false'],
  ['the name of an account that is not made', () => ({ clusterAccess: false, metadata: { serviceAccount: { name: 'backstage' } } }),
    'CDK8SNIX0916 metadata.serviceAccount', 'deployment.serviceAccount'],
])('refused: %s', (_, build, what, remedy) => {
  const message = synthError(chart => portal(chart, build(chart)));
  expect(message).toContain(what);
  expect(message).toContain(remedy);
});

test('an object that a patch moves away from the others is refused', () => {
  const message = synthError(chart => {
    ApiObject.of(portal(chart).service).addJsonPatch(JsonPatch.add('/metadata/namespace', 'elsewhere'));
  });
  expect(message).toContain('metadata.namespace: got "elsewhere"');
  expect(message).toContain('Set the namespace on the chart');
});

test('the HTTPRoute leads to a Service of another name, and to one that a patch renamed', () => {
  const backend = (props: Partial<BackstageNixProps>, rename?: string) => {
    const chart = testChart('portal');
    const { service } = portal(chart, { httpRoute: GATEWAY, ...props });
    if (rename) {
      ApiObject.of(service).addJsonPatch(JsonPatch.replace('/metadata/name', rename));
    }
    return only(Testing.synth(chart), 'HTTPRoute').spec.rules[0].backendRefs;
  };
  expect(backend({ service: { metadata: { name: 'backstage' }, ports: [{ port: 7007 }] } })).toEqual([{ name: 'backstage', port: 7007 }]);
  expect(backend({}, 'backstage')).toEqual([{ name: 'backstage', port: 80 }]);
});
