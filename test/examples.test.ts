import { Testing } from 'cdk8s';
import { only, readable } from './support/synth';
import { environments } from '../examples/gitops/environments';

/** The manifests of each environment, by the name of its chart. */
function synthesize(): Map<string, any[]> {
  const app = Testing.app();
  environments(app);
  return new Map(app.charts.map(chart => [chart.node.id, Testing.synth(chart)]));
}

describe('examples/gitops', () => {
  const all = synthesize();

  test('has three environments, each valid, restricted and in its own namespace', () => {
    expect([...all.keys()]).toEqual(['development', 'staging', 'production']);
    for (const [name, manifests] of all) {
      expect(manifests).toBeValidKubernetes();
      expect(manifests).toBeRestricted();
      expect(only(manifests, 'Namespace').metadata.name).toBe(name);
      expect(only(manifests, 'Deployment').metadata.namespace).toBe(name);
    }
  });

  test('differ in what they should, and in nothing else', () => {
    const neutral = (name: string): string => JSON.stringify(all.get(name)).split(name).join('NAME').replace(/-c8[0-9a-f]{6}/g, '-HASH');
    expect(neutral('staging')).toBe(neutral('development'));
    const claim = only(all.get('production')!, 'PersistentVolumeClaim').spec;
    expect([claim.resources.requests.storage, claim.storageClassName]).toEqual(['100Gi', 'fast']);
  });

  test.each([...all.keys()])('%s is as it was', name => {
    // The scripts change with the library; the environment does not.
    const manifests = all.get(name)!.filter((m: any) => !m.metadata.name.includes('nix-scripts')).map(readable);
    expect(JSON.parse(JSON.stringify(manifests).replace(/nix-scripts-[0-9a-f]{12}/g, 'nix-scripts-HASH'))).toMatchSnapshot();
  });
});
