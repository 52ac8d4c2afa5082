import { Command, Failure, parse, positionals, UsageError } from './command';
import { explainFile, ExplainFormat } from '../explain/explain';

const FORMATS: readonly ExplainFormat[] = ['tree', 'mermaid'];

export const EXPLAIN: Command = {
  name: 'explain',
  summary: 'show what the workloads of a synthesized manifest are and do',
  help: `Usage: cdk8s-nix explain <manifest.yaml> [options]

Show the workloads of a manifest: their containers in the order they start, volumes, mounts and variables.

Options:
      --format FORMAT   tree (default) or mermaid, a picture for Markdown pages
`,
  run: (args, streams) => {
    const { values, positionals: given } = parse({ args, options: { format: { type: 'string', default: 'tree' } }, allowPositionals: true });
    const [manifest] = positionals(given, 'manifest.yaml');
    const format = FORMATS.find(candidate => candidate === values.format);
    if (format === undefined) {
      throw new UsageError(`There is no format '${values.format}': use ${FORMATS.join(' or ')}`);
    }
    streams.out(`${explained(manifest, format)}\n`);
  },
};

function explained(manifest: string, format: ExplainFormat): string {
  try {
    return explainFile(manifest, format);
  } catch (error) {
    throw new Failure((error as Error).message);
  }
}
