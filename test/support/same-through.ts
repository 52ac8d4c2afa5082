import { mkdtempSync, writeFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { ApiObject, Chart, Include, Yaml } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { IConstruct } from 'constructs';
import { NixEnvironment } from '../../src';
import { enabledBy } from '../../src/pod/enabled-mark';
import { manifestAsMade } from '../../src/pod/written-manifest';

/** The same object by other means than those it was made with, below a construct of this id. */
export const MEANS: { readonly [means: string]: (chart: Chart, id: string, manifest: any) => IConstruct } = {
  'an imported object': (chart, id, { kind, metadata, spec }) => {
    const classes = kplus.k8s as unknown as { readonly [name: string]: new (scope: Chart, id: string, props: object) => ApiObject };
    return new classes[`Kube${kind}`](chart, id, { metadata, spec });
  },
  'an ApiObject': (chart, id, manifest) => new ApiObject(chart, id, manifest),
  'an Include': (chart, id, manifest) => {
    const url = join(mkdtempSync(join(tmpdir(), 'same-through-')), 'object.yaml');
    writeFileSync(url, Yaml.stringify(manifest));
    return new Include(chart, id, { url });
  },
};

/** Give Nix to all that has it once more, made by other means, from the same environment; where it was before, by where it is now. */
export function enableAgain(chart: Chart, means: string): Map<string, string> {
  const paths = new Map<string, string>();
  const all = chart.node.root.node.findAll();
  for (const object of all.filter(ApiObject.isApiObject)) {
    const environment = all.find(construct => construct.node.path === enabledBy(object, object)) as NixEnvironment | undefined;
    if (environment) {
      const id = `again-${paths.size}`;
      const again = MEANS[means](Chart.of(object), id, manifestAsMade(object));
      environment.enable(again);
      paths.set(object.node.scope!.node.path, again.node.path);
    }
  }
  return paths;
}
