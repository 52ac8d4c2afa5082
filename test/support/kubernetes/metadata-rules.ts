import { entries, Manifest, refuse, Report } from './manifest';
import { dnsLabel, labelValue, objectName, qualifiedName } from './names';
import { podsOf } from '../../../src/pod/pod-manifest';

const MAX_ANNOTATIONS = 256 * 1024;

/** Names, labels and annotations of the object and of its pod template. */
export function checkMetadata(manifest: Manifest, report: Report): void {
  const { name, namespace } = manifest.metadata ?? {};
  refuse(report, '.metadata.name', objectName(manifest.kind)(name));
  if (namespace !== undefined) {
    refuse(report, '.metadata.namespace', dnsLabel(namespace));
  }
  checkLabels(manifest.metadata, '.metadata', report);
  const template = podsOf(manifest)[0];
  if (template) {
    checkLabels(template.metadata, `${template.path}.metadata`, report);
  }
}

function checkLabels(metadata: any, path: string, report: Report): void {
  for (const [key, value] of entries(metadata?.labels)) {
    refuse(report, `${path}.labels[${JSON.stringify(key)}]`, qualifiedName(key) ?? labelValue(value));
  }
  let bytes = 0;
  for (const [key, value] of entries(metadata?.annotations)) {
    const path_ = `${path}.annotations[${JSON.stringify(key)}]`;
    refuse(report, path_, qualifiedName(key.toLowerCase()) ?? (typeof value === 'string' ? undefined : `must be string, got ${JSON.stringify(value)}`));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(String(value));
  }
  if (bytes > MAX_ANNOTATIONS) {
    report(`${path}.annotations`, `must be at most ${MAX_ANNOTATIONS} bytes in all, got ${bytes}`);
  }
}
