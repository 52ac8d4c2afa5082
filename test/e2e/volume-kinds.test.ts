import { chownSync } from 'node:fs';
import { App, Chart, Size, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Node, NodeOptions } from './kubelet/node';
import { NixDeployment, NixImage, NixStatefulSet, NixStore } from '../../src';
import { seedImage } from '../support/images';

const SEED = 'registry.local/nix:1.0.0';
const COMMON = { image: NixImage.of(SEED), config: { defaultSubstituter: false } };
const OLD_CLAIM = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: old }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 2Gi } } }
`;

/** A workload with a store, whatever that is. */
type Workload = NixDeployment | NixStatefulSet;
const deployed = (store: NixStore) => (chart: Chart): Workload => new NixDeployment(chart, 'workspace', { ...COMMON, store });

describe.each<[string, (chart: Chart) => Workload, NodeOptions, isLasting: boolean]>([
  ['a claim of its own', deployed(NixStore.persistent()), {}, true],
  ['a claim that is there', deployed(NixStore.existing('old')), {}, true],
  ['a claim on a file server', deployed(NixStore.existing('old')), { fileServer: true }, true],
  ['a claim for each replica', chart => new NixStatefulSet(chart, 'workspace', { ...COMMON, store: NixStore.perReplica() }), {}, true],
  ['a claim that goes with its pod', deployed(NixStore.ephemeral()), {}, false],
  ['a folder of the node', deployed(NixStore.emptyDir()), {}, false],
  ['memory', deployed(NixStore.emptyDir({ medium: kplus.EmptyDirMedium.MEMORY, sizeLimit: Size.gibibytes(1) })), {}, false],
])('a store on %s', (_, workload, options, isLasting) => {
  let node: Node;
  afterEach(() => node.destroy());

  test('is seeded, looked at and given a home by one init container', () => {
    node = new Node({ [SEED]: seedImage() }, options);
    const chart = new Chart(new App(), 'e2e');
    const { name, kind } = workload(chart);
    const yaml = Yaml.stringify(...chart.toJson());
    node.apply(`${yaml}---${OLD_CLAIM}`);
    if (options.fileServer) {
      // As its owner has made it.
      chownSync(node.disk('old').folder, 1001, 1001);
    }
    for (const said of [/: seeded \d+ paths/, isLasting ? /: the volume holds this image already/ : /: seeded \d+ paths/]) {
      const [pod] = node.rollOut(kind, name);
      expect([...pod.initLogs.keys()]).toEqual(['seed-nix-store']);
      expect(pod.initLogs.get('seed-nix-store')).toMatch(said);
      expect(pod.initLogs.get('seed-nix-store')).toMatch(/^check-nix-store: \S+ holds a store$/m);
      expect(pod.sh('stat -c %u /nix/store "$HOME"; touch "$HOME/file" && echo written')).toBe('1001\n1001\nwritten');
      expect(pod.sh('nix-store --verify 2>&1')).not.toMatch(/error|warning/);
    }
  });
});
