import { Testing } from 'cdk8s';
import { Files, shareByHand, writeByHand } from '../../bench/synth/hand-written';
import { NixDeployment } from '../../src';

/** Where the values of a manifest are, however they are called, with items of a list by their name if they have one. */
function places(value: any, path = ''): string[] {
  if (typeof value !== 'object' || value === null) {
    return [path];
  }
  return Object.entries<any>(value).flatMap(([field, inner]) => places(inner, `${path}.${Array.isArray(value) ? inner.name ?? inner.mountPath ?? '*' : field}`));
}

function placesByKind(manifests: any[]): string[] {
  return manifests.flatMap(manifest => places(manifest).map(path => `${manifest.kind}${path}`)).sort();
}

test('what the synth benchmark measures against writes all that a NixDeployment does', () => {
  const chart = Testing.chart();
  new NixDeployment(chart, 'workspace');
  const ours = Testing.synth(chart);
  const files = ours.filter(({ kind }) => kind === 'ConfigMap').map(({ data, binaryData }): Files => ({ data, binaryData }));

  const other = Testing.chart();
  writeByHand(other, 'workspace', shareByHand(other, files.find(({ binaryData = {} }) => 'seed-nix-store.sh' in binaryData)!), files.find(({ data = {} }) => 'nix.conf' in data)!);
  const theirs = new Set(placesByKind(Testing.synth(other)));

  expect(placesByKind(ours).filter(place => !theirs.has(place))).toEqual([
    'Deployment.spec.template.metadata.annotations.cdk8s-nix/config-checksum',
    'Deployment.spec.template.metadata.labels.cdk8s-nix/environment',
    // cdk8s-plus-28 has no typed API for it, and gives it to each container instead.
    'Deployment.spec.template.spec.securityContext.seccompProfile.type',
  ]);
});
