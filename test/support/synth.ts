import { Chart, Testing } from 'cdk8s';

/* eslint-disable @typescript-eslint/no-explicit-any */

/** A chart whose name is the same in each test, so that object names can be written down. */
export function testChart(namespace?: string): Chart {
  return new Chart(Testing.app(), 'test', { namespace });
}

/** The only object of this kind among what a chart synthesizes. */
export function only(manifests: any[], kind: string): any {
  const found = manifests.filter(manifest => manifest.kind === kind);
  if (found.length !== 1) {
    throw new Error(`expected one ${kind}, found ${found.length} among ${manifests.map(manifest => manifest.kind).join(', ')}`);
  }
  return found[0];
}

/** The files in a ConfigMap, as a pod sees them. */
export function filesOf(configMap: any): { [key: string]: string } {
  const encoded = Object.entries<string>(configMap.binaryData ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf-8')]);
  return { ...configMap.data, ...Object.fromEntries(encoded) };
}

/** A manifest with the text of its files: for snapshots. */
export function readable(manifest: any): any {
  return manifest.binaryData ? { ...manifest, binaryData: filesOf({ binaryData: manifest.binaryData }) } : manifest;
}

/** The pod's spec in the only workload of this kind. */
export function podSpec(chart: Chart, kind: string = 'Deployment'): any {
  const { spec } = only(Testing.synth(chart), kind);
  return kind === 'Pod' ? spec : kind === 'CronJob' ? spec.jobTemplate.spec.template.spec : spec.template.spec;
}

/** A variable's value in a container of a manifest. */
export function variable(container: any, name: string): string | undefined {
  return container.env.find((entry: any) => entry.name === name)?.value;
}

/** Which volume, and which folder of it, a container of a manifest sees at a path. */
export function mountAt(container: any, path: string): any {
  return container.volumeMounts.find((mount: any) => mount.mountPath === path);
}

/** A manifest without the hash of the scripts, which have suites of their own: for snapshots. */
export function withoutScriptHash(manifest: any): any {
  return JSON.parse(JSON.stringify(manifest).replace(/(nix-(?:care-)?scripts-)[0-9a-f]{12}/g, '$1(hash)'));
}
