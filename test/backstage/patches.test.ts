import { ApiObject, JsonPatch, Testing } from 'cdk8s';
import { BackstageNix, BackstageNixProps, BackstagePreset } from '../../src';
import { only, testChart } from '../support/synth';
import { appConfig, bundled, existing, portal } from './support/portal';

/** Synthesizes a portal with everything, after JSON patches on its objects. */
function patched(patch: (portal: BackstageNix) => void, props: Partial<BackstageNixProps> = {}): any[] {
  const chart = testChart('portal');
  patch(portal(chart, { preset: BackstagePreset.STAGING, database: bundled(chart), ingress: {}, ...props }));
  const manifests = Testing.synth(chart);
  expect(manifests).toBeValidKubernetes({ customKinds: ['gateway.networking.k8s.io/v1/HTTPRoute'] });
  return manifests;
}

const rename = (object: ApiObject, name: string) => object.addJsonPatch(JsonPatch.replace('/metadata/name', name));
const template = (manifests: any[]): any => only(manifests, 'Deployment').spec.template;

test('every object is a public member, and every object is one of them', () => {
  const chart = testChart('portal');
  const it = portal(chart, {
    preset: BackstagePreset.STAGING, database: bundled(chart), ingress: {}, httpRoute: { gateway: 'public' }, networkPolicy: {},
  });
  const members = [
    it.deployment, it.service, it.ingress!, it.serviceAccount!, it.clusterRole!, it.clusterRoleBinding!, it.databaseStatefulSet!, it.databaseService!,
    it.deployment.environment.claim!,
  ].map(member => ApiObject.of(member));
  const known = new Set([...members, ...it.networkPolicies, it.httpRoute, it.configMap, it.deployment.environment.config.apiObject]);
  expect(it.node.findAll().filter(ApiObject.isApiObject).filter(object => !known.has(object)).map(object => object.node.path)).toEqual([]);
});

test('a renamed ServiceAccount is still bound, and the one of the pods', () => {
  const manifests = patched(it => rename(ApiObject.of(it.serviceAccount!), 'backstage-sa'));
  expect(only(manifests, 'ServiceAccount').metadata.name).toBe('backstage-sa');
  expect(only(manifests, 'ClusterRoleBinding').subjects[0].name).toBe('backstage-sa');
  expect(template(manifests).spec.serviceAccountName).toBe('backstage-sa');
});

test('a port of the Service with another number is still the one of Ingress and HTTPRoute', () => {
  const manifests = patched(it => ApiObject.of(it.service).addJsonPatch(JsonPatch.replace('/spec/ports/0/port', 8080)), { httpRoute: { gateway: 'public' } });
  expect(only(manifests, 'Ingress').spec.rules[0].http.paths[0].backend.service.port).toEqual({ number: 8080 });
  expect(only(manifests, 'HTTPRoute').spec.rules[0].backendRefs[0].port).toBe(8080);
});

test('policies still cover pods whose labels a patch has replaced', () => {
  const manifests = patched(it => ApiObject.of(it.deployment).addJsonPatch(
    JsonPatch.replace('/spec/selector/matchLabels', { app: 'backstage' }), JsonPatch.replace('/spec/template/metadata/labels', { app: 'backstage' }),
  ), { networkPolicy: {} });
  const [environment, own, database] = manifests.filter(({ kind }: any) => kind === 'NetworkPolicy').map(({ spec }: any) => spec);
  const pods = { matchLabels: { app: 'backstage' } };
  expect([environment.podSelector, own.podSelector]).toEqual([pods, pods]);
  expect(database.podSelector).toEqual({ matchLabels: only(manifests, 'StatefulSet').spec.selector.matchLabels });
  expect(database.ingress[0].from).toEqual([{ podSelector: pods }]);
});

test('a renamed ClusterRole is still the one that is bound', () => {
  expect(only(patched(it => rename(ApiObject.of(it.clusterRole!), 'read')), 'ClusterRoleBinding').roleRef.name).toBe('read');
});

test('renamed ConfigMaps and a renamed claim are still mounted', () => {
  const { volumes } = template(patched(it => {
    rename(it.configMap, 'backstage-config');
    rename(it.deployment.environment.config.apiObject, 'backstage-nix-conf');
    rename(ApiObject.of(it.deployment.environment.claim!), 'backstage-nix');
  })).spec;
  expect(volumes).toEqual(expect.arrayContaining([
    { name: 'backstage-config', configMap: { name: 'backstage-config' } },
    { name: 'nix-config', configMap: { name: 'backstage-nix-conf' } },
    { name: 'nix-store', persistentVolumeClaim: { claimName: 'backstage-nix' } },
  ]));
});

test('renamed Services are still where Ingress, StatefulSet and configuration lead', () => {
  const manifests = patched(it => {
    rename(ApiObject.of(it.service), 'backstage');
    rename(ApiObject.of(it.databaseService!), 'backstage-postgres');
  });
  expect(only(manifests, 'Ingress').spec.rules[0].http.paths[0].backend.service.name).toBe('backstage');
  expect(only(manifests, 'StatefulSet').spec.serviceName).toBe('backstage-postgres');
  expect(appConfig(manifests).backend.database.connection.host).toBe('backstage-postgres');
});

test('a reference that is patched itself stays as it was patched', () => {
  const manifests = patched(it => {
    rename(ApiObject.of(it.serviceAccount!), 'backstage-sa');
    ApiObject.of(it.clusterRoleBinding!).addJsonPatch(JsonPatch.replace('/subjects/0/name', 'somebody'));
  });
  expect(only(manifests, 'ClusterRoleBinding').subjects[0].name).toBe('somebody');
});

test('the Service finds pods whose labels were replaced', () => {
  const manifests = patched(it => ApiObject.of(it.deployment).addJsonPatch(
    JsonPatch.replace('/spec/selector/matchLabels', { app: 'backstage' }),
    JsonPatch.replace('/spec/template/metadata/labels', { app: 'backstage', tier: 'web' }),
  ), { database: existing(testChart()) });
  expect(only(manifests, 'Service').spec.selector).toEqual({ app: 'backstage' });
});

test('Service and policies find pods of a bundled database whose labels were replaced', () => {
  const labels = { app: 'postgres' };
  const manifests = patched(it => ApiObject.of(it.databaseStatefulSet!).addJsonPatch(
    JsonPatch.replace('/spec/selector/matchLabels', labels), JsonPatch.replace('/spec/template/metadata/labels', labels),
  ), { networkPolicy: {}, clusterAccess: false });
  const [environment, own, database] = manifests.filter(({ kind }: any) => kind === 'NetworkPolicy').map(({ spec }: any) => spec);
  expect(manifests.find(({ spec }: any) => spec?.clusterIP === 'None').spec.selector).toEqual(labels);
  expect(own.egress[0].to).toEqual([{ podSelector: { matchLabels: labels } }]);
  expect(database.podSelector).toEqual({ matchLabels: labels });
  expect([environment, own].map(({ podSelector }) => podSelector.matchLabels)).not.toContainEqual(labels);
});

test('a patched configuration rolls the pods', () => {
  const checksum = (manifests: any[]) => template(manifests).metadata.annotations['cdk8s-nix/backstage-config-checksum'];
  const file = '/binaryData/app-config.cdk8s-nix.yaml';
  expect(checksum(patched(() => {}))).not.toBe(checksum(patched(it => it.configMap.addJsonPatch(JsonPatch.replace(file, Buffer.from('app: {}\n').toString('base64'))))));
});

test.each<[string, (it: BackstageNix) => ApiObject, string, unknown, (manifests: any[]) => unknown]>([
  ['a named target port of the Service', it => ApiObject.of(it.service), '/spec/ports/0/targetPort', 'http',
    manifests => manifests.find(m => m.kind === 'Service' && m.spec.ports[0].name === 'http').spec.ports[0].targetPort],
  ['a field of the Service that cdk8s-plus does not know', it => ApiObject.of(it.databaseService!), '/spec/trafficDistribution', 'PreferSameZone',
    manifests => manifests.find(m => m.kind === 'Service' && m.spec.clusterIP === 'None').spec.trafficDistribution],
  ['the port of the Ingress, by name', it => ApiObject.of(it.ingress!), '/spec/rules/0/http/paths/0/backend/service/port', { name: 'http' },
    manifests => only(manifests, 'Ingress').spec.rules[0].http.paths[0].backend.service.port],
  ['the size of the database, as plain text', it => ApiObject.of(it.databaseStatefulSet!), '/spec/volumeClaimTemplates/0/spec/resources/requests/storage', '7Gi',
    manifests => only(manifests, 'StatefulSet').spec.volumeClaimTemplates[0].spec.resources.requests.storage],
  ['a rule of the ClusterRole', it => ApiObject.of(it.clusterRole!), '/rules/0/resources', ['pods', 'pods/status'], manifests => only(manifests, 'ClusterRole').rules[0].resources],
])('a patch of %s holds', (_, object, path, value, read) => {
  expect(read(patched(it => object(it).addJsonPatch(JsonPatch.add(path, value))))).toEqual(value);
});
