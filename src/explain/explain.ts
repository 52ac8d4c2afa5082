import { existsSync } from 'fs';
import { readManifests } from './manifest-file';
import { workloadsMermaid } from './mermaid';
import { workloadTree } from './tree';
import { workloadModels } from './workload-model';

export type ExplainFormat = 'tree' | 'mermaid';

/**
 * What the workloads of a manifest file are and do, for people.
 *
 * @throws if the file does not exist, holds anything but Kubernetes objects, or no workload
 */
export function explainFile(path: string, format: ExplainFormat = 'tree'): string {
  if (!existsSync(path)) {
    throw new Error(`There is no file ${path}. Synthesize first, or name one of the YAML files in the output folder.`);
  }
  return explain(readManifests(path), format, path);
}

/** The same of objects that are loaded already. */
export function explain(manifests: any[], format: ExplainFormat = 'tree', origin = 'The manifest'): string {
  manifests.forEach((manifest, i) => {
    if (typeof manifest?.kind !== 'string' || typeof manifest.apiVersion !== 'string') {
      throw new Error(`${origin}: document ${i + 1} is no Kubernetes object, it has no apiVersion and kind.`);
    }
  });
  const workloads = workloadModels(manifests);
  if (workloads.length === 0) {
    throw new Error(`${origin}: there is no workload among ${manifests.map(manifest => manifest.kind).join(', ') || 'no objects'}.`);
  }
  return format === 'mermaid' ? workloadsMermaid(workloads) : workloads.map(workloadTree).join('\n\n');
}
