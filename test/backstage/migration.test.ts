import { readFileSync } from 'fs';
import { join } from 'path';
import { Testing } from 'cdk8s';
import { parse } from 'yaml';
import { differences } from './support/differences';
import { appConfig } from './support/portal';
import { portedPortals } from '../../examples/migration/after';
import { handWrittenPortals } from '../../examples/migration/before';
import { only } from '../support/synth';

const ENVIRONMENTS = ['development', 'staging', 'production'];
const GUIDE = readFileSync(join(__dirname, '..', '..', 'docs', 'portal-migration.md'), 'utf-8');

/** The differences that the guide lists, as `Kind path`. */
const LISTED = [...GUIDE.slice(GUIDE.indexOf('## What differs')).matchAll(/^\| (?<kind>[A-Z]\w+) \| (?<fields>[^|]+) \|/gm)]
  .flatMap(({ groups }) => [...groups!.fields.matchAll(/`(?<path>[^`]+)`/g)].map(field => `${groups!.kind} ${field.groups!.path}`));

const id = ({ kind, metadata }: any): string => `${kind}/${metadata.name}`;

function synthesize(build: typeof handWrittenPortals, environment: string): any[] {
  const app = Testing.app();
  build(app);
  return Testing.synth(app.charts.find(chart => chart.node.id === environment)!);
}

describe.each(ENVIRONMENTS)('the port of a hand-written chart, in %s', environment => {
  const before = synthesize(handWrittenPortals, environment);
  const after = synthesize(portedPortals, environment);
  const same = (manifest: any): any => after.find(other => id(other) === id(manifest));

  test('has every object, under its name, so that nothing is recreated or left behind', () => {
    expect(before.filter(manifest => !same(manifest)).map(id)).toEqual([]);
    for (const manifest of before) {
      const { apiVersion, metadata: { namespace } } = same(manifest);
      expect([id(manifest), apiVersion, namespace]).toEqual([id(manifest), manifest.apiVersion, manifest.metadata.namespace]);
    }
    const added = after.filter(manifest => !before.some(other => id(other) === id(manifest)));
    expect(added.map(({ kind }) => kind)).toEqual(['ConfigMap', 'ConfigMap']);
  });

  test('differs from it in what the guide lists, and in nothing else', () => {
    const found = before.flatMap(manifest => differences(manifest, same(manifest)).map(path => `${manifest.kind} ${path}`));
    const listed = (path: string) => LISTED.some(entry => path === entry || path.startsWith(`${entry}.`) || path.startsWith(`${entry}[`));
    expect(found.filter(path => !listed(path))).toEqual([]);
    expect(LISTED.filter(entry => !found.some(path => path === entry || path.startsWith(`${entry}.`) || path.startsWith(`${entry}[`)))).toEqual([]);
  });

  test('has the same configuration', () => {
    const old = before.find(manifest => manifest.metadata.name === 'backstage-app-config');
    expect(appConfig(after)).toEqual(parse(old.data['app-config.kubernetes.yaml']));
  });

  test('has the same rights', () => {
    const rights = (manifests: any[]): string[] => only(manifests, 'ClusterRole').rules
      .flatMap(({ apiGroups, resources, verbs }: any) => apiGroups.flatMap((group: string) => resources.flatMap((resource: string) =>
        verbs.map((verb: string) => `${verb} ${group}/${resource}`)))).sort();
    expect(rights(after)).toEqual(rights(before));
  });

  test('leaves alone what Kubernetes does not let change', () => {
    const fixed = (manifests: any[]) => ({
      selector: only(manifests, 'Deployment').spec.selector,
      claim: { ...only(manifests, 'PersistentVolumeClaim').spec, volumeMode: 'Filesystem' },
      database: only(manifests, 'StatefulSet').spec,
      roleRef: only(manifests, 'ClusterRoleBinding').roleRef,
    });
    expect(fixed(after)).toEqual(fixed(before));
  });

  test('is valid, and its portal restricted, as the chart was not', () => {
    const options = { external: ['*'], customKinds: ['monitoring.coreos.com/v1/ServiceMonitor'] };
    expect(before).toBeValidKubernetes(options);
    expect(after).toBeValidKubernetes(options);
    expect(only(after, 'Deployment')).toBeRestricted();
    expect(() => expect(only(before, 'Deployment')).toBeRestricted()).toThrow();
  });
});

test('the port needs no JSON patch', () => {
  expect(readFileSync(join(__dirname, '..', '..', 'examples', 'migration', 'after.ts'), 'utf-8')).not.toMatch(/JsonPatch|ApiObject\.of/);
});
