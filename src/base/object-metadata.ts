import { ErrorCode } from './error-code';
import { isLabelValue, isQualifiedName } from './kubernetes-name';
import { Problem, Problems } from './problems';

/** Labels and annotations of an object. */
export interface ObjectMetadata {
  readonly labels?: { readonly [name: string]: string };
  readonly annotations?: { readonly [name: string]: string };
}

/** Later metadata override earlier ones. `undefined` rather than an empty set, so that no manifest gets `labels: {}`. */
export function mergeMetadata(...all: ObjectMetadata[]): ObjectMetadata {
  return { labels: merge(all.map(metadata => metadata.labels)), annotations: merge(all.map(metadata => metadata.annotations)) };
}

function merge(all: Array<{ readonly [name: string]: string } | undefined>): { readonly [name: string]: string } | undefined {
  const merged: { [name: string]: string } = Object.assign({}, ...all);
  return Object.keys(merged).length === 0 ? undefined : merged;
}

/** The names of the two props, as they stand in messages. */
export interface MetadataProps {
  readonly labels: string;
  readonly annotations: string;
}

/** What is wrong with labels and annotations. */
export function metadataProblems(code: ErrorCode, metadata: ObjectMetadata, props: MetadataProps): Problem[] {
  if (isFine(metadata.labels, isLabelValue) && isFine(metadata.annotations, () => true)) {
    return [];
  }
  const isText = ([, value]: [string, unknown]) => !['number', 'boolean'].includes(typeof value);
  const labels = Object.entries(metadata.labels ?? {}).filter(isText).filter(([name, value]) => !isQualifiedName(name) || !isLabelValue(value));
  const annotations = Object.keys(metadata.annotations ?? {}).filter(name => !isQualifiedName(name));
  return [
    ...(['labels', 'annotations'] as const).flatMap(kind => Object.entries(metadata[kind] ?? {}).filter(entry => !isText(entry)).map(([name, value]): Problem => ({
      code,
      prop: `${props[kind]}[${name}]`,
      value,
      problem: 'Labels and annotations are text.',
      remedy: `Put it in quotes: "${value}".`,
    }))),
    ...labels.map(([name, value]): Problem => ({
      code,
      prop: props.labels,
      value: `${name}=${value}`,
      problem: 'Names and values of labels have at most 63 letters, digits, "-", "_" and ".".',
      remedy: 'Put longer text into an annotation.',
    })),
    ...annotations.map((name): Problem => ({
      code,
      prop: props.annotations,
      value: name,
      problem: 'The name of an annotation has at most 63 letters, digits, "-", "_" and ".", after an optional DNS prefix.',
      remedy: 'Use for example "example.org/owner".',
    })),
  ];
}

/** Nearly all are: nothing has to be made then. */
function isFine(texts: { readonly [name: string]: string } | undefined, isValue: (text: string) => boolean): boolean {
  for (const name in texts ?? {}) {
    const value: unknown = texts![name];
    if (typeof value !== 'string' || !isQualifiedName(name) || !isValue(value)) {
      return false;
    }
  }
  return true;
}

export function validateMetadata(problems: Problems, metadata: ObjectMetadata, props: MetadataProps): void {
  metadataProblems('CDK8SNIX0208', metadata, props).forEach(({ code, prop, value, problem, remedy }) => problems.add(code, prop, value, problem, remedy));
}
