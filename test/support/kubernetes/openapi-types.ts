import { execFileSync } from 'child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'fs';
import { join } from 'path';

/** Kubernetes' types by name, such as `V1PodSpec`; each maps its fields to a type in the notation of the OpenAPI generator. */
export type OpenApiTypes = Record<string, Record<string, string>>;

const ROOT = join(__dirname, '../../..');
let types: OpenApiTypes | undefined;

/** The types, from a cache on disk: every jest worker and test file needs them, and listing them takes half a second. */
export function openApiTypes(): OpenApiTypes {
  return types ??= JSON.parse(readFileSync(cachedTypes(), 'utf8')) as OpenApiTypes;
}

function cachedTypes(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules/@kubernetes/client-node/package.json'), 'utf8'));
  const folder = join(ROOT, '.cache');
  const file = join(folder, `kubernetes-types-${version}.json`);
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, execFileSync(process.execPath, [join(__dirname, 'print-openapi-types.mjs')]));
    renameSync(unfinished, file);
  }
  return file;
}
