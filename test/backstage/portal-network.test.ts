import { Chart, Testing } from 'cdk8s';
import { BackstageDatabase, BackstageNixProps, BackstagePreset } from '../../src';
import { only, testChart } from '../support/synth';
import { synthError } from '../support/synth-error';
import { bundled, existing, portal, secretOf } from './support/portal';

/** The policies by what they are of, and all else. */
function synth(build: (chart: Chart) => Partial<BackstageNixProps>): { environment: any; portal: any; database: any; manifests: any[] } {
  const chart = testChart('portal');
  const it = portal(chart, { networkPolicy: {}, ...build(chart) });
  const manifests = Testing.synth(chart);
  expect(manifests).toBeValidKubernetes({ external: ['*'] });
  const [environment, own, database] = it.networkPolicies.map(policy => manifests.find((m: any) => m.kind === 'NetworkPolicy' && m.metadata.name === policy.name));
  return { environment, portal: own, database, manifests };
}

const ANYWHERE = [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }];
const port = (number: number) => ({ port: number, protocol: 'TCP' });

test('the portal is reached on its port, by all or by some namespaces', () => {
  const all = synth(() => ({ container: { portNumber: 8080 } }));
  expect(all.portal.spec.podSelector).toEqual({ matchLabels: only(all.manifests, 'Deployment').spec.selector.matchLabels });
  expect(all.portal.spec.ingress).toEqual([{ ports: [port(8080)] }]);
  expect(synth(() => ({ networkPolicy: { fromNamespaces: ['ingress-nginx'] } })).portal.spec.ingress).toEqual([{
    from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } } }], ports: [port(7007)],
  }]);
});

test('the portal reaches the API server only if it reads the cluster', () => {
  const apiServer = { to: ANYWHERE, ports: [port(443), port(6443)] };
  expect(synth(() => ({})).portal.spec.egress).toContainEqual(apiServer);
  expect(synth(() => ({ clusterAccess: false })).portal.spec.egress).not.toContainEqual(apiServer);
});

test.each<[string, (chart: Chart) => BackstageDatabase, any]>([
  ['in another namespace', chart => existing(chart, { port: 6432 }),
    { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'databases' } } }], ports: [port(6432)] }],
  ['in its own namespace', chart => existing(chart, { host: 'postgres.portal.svc' }), { to: [{ podSelector: {} }], ports: [port(5432)] }],
  ['of a short name', chart => existing(chart, { host: 'postgres' }), { to: [{ podSelector: {} }], ports: [port(5432)] }],
  ['that is one pod', chart => existing(chart, { host: 'postgres-0.postgres.databases.svc.cluster.local' }),
    { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'databases' } } }], ports: [port(5432)] }],
  ['of a name that may be of a namespace, or a domain', chart => existing(chart, { host: 'postgres.databases' }),
    { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'databases' } } }, ...ANYWHERE], ports: [port(5432)] }],
  ['outside of the cluster', chart => existing(chart, { host: 'postgres.example.org' }), { to: ANYWHERE, ports: [port(5432)] }],
  ['that a Secret names', chart => BackstageDatabase.fromSecret({ secret: secretOf(chart) }), { to: [{ podSelector: {} }, ...ANYWHERE], ports: [port(5432)] }],
])('the portal reaches a database %s', (_, database, rule) => {
  expect(synth(chart => ({ database: database(chart), clusterAccess: false })).portal.spec.egress).toEqual([rule]);
});

test('a bundled database is reached by the portal alone, and reaches nobody', () => {
  const { database, portal: own, manifests } = synth(chart => ({ preset: BackstagePreset.STAGING, database: bundled(chart), clusterAccess: false }));
  const postgres = only(manifests, 'StatefulSet').spec.selector.matchLabels;
  expect(own.spec.egress).toEqual([{ to: [{ podSelector: { matchLabels: postgres } }], ports: [port(5432)] }]);
  expect(database.spec).toEqual({
    podSelector: { matchLabels: postgres },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [{ podSelector: { matchLabels: only(manifests, 'Deployment').spec.selector.matchLabels } }], ports: [port(5432)] }],
    egress: [],
  });
});

test('policies have the name, labels and annotations that they are given', () => {
  const metadata = { name: 'backstage', labels: { app: 'backstage' }, annotations: { 'example.org/owner': 'ann' } };
  const policies = synth(chart => ({ networkPolicy: { metadata }, preset: BackstagePreset.STAGING, database: bundled(chart) }));
  expect(policies.portal.metadata).toMatchObject(metadata);
  expect(policies.environment.metadata).toMatchObject({ ...metadata, name: 'backstage-nix' });
  expect(policies.database.metadata).toMatchObject({ ...metadata, name: 'backstage-database' });
});

test('refused: a policy of another name than Kubernetes takes', () => {
  expect(synthError(chart => portal(chart, { networkPolicy: { metadata: { name: 'Backstage' } } }))).toContain('CDK8SNIX0915 networkPolicy.metadata.name: got "Backstage"');
});

test('what it integrates needs a port', () => {
  const { environment } = synth(() => ({ networkPolicy: { externalPorts: [8443], externalCidrs: ['192.0.2.0/24'] } }));
  expect(environment.spec.egress).toContainEqual({ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [port(443), port(8443)] });
});

test('refused: lists that are empty, which to Kubernetes are no limit', () => {
  const message = synthError(chart => portal(chart, { networkPolicy: { fromNamespaces: [], externalCidrs: [], dnsPorts: [] } }));
  ['CDK8SNIX0910 networkPolicy.fromNamespaces', 'CDK8SNIX1104 externalCidrs', 'CDK8SNIX1105 dnsPorts'].forEach(what => expect(message).toContain(`${what}: got []`));
});

test('refused: a namespace in upper case', () => {
  const message = synthError(chart => portal(chart, { networkPolicy: { fromNamespaces: ['Ingress'] } }));
  expect(message).toContain('CDK8SNIX0910 networkPolicy.fromNamespaces[0]: got "Ingress"');
  expect(message).toContain('"ingress-nginx"');
});
