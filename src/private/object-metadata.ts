import { isLabelValue, isQualifiedName } from './kubernetes-name';
import { Problems } from './problems';

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

export function validateMetadata(problems: Problems, metadata: ObjectMetadata, props: MetadataProps): void {
  for (const [name, value] of Object.entries(metadata.labels ?? {})) {
    if (!isQualifiedName(name) || !isLabelValue(value)) {
      problems.add('CDK8SNIX0208', props.labels, `${name}=${value}`, 'Names and values of labels have at most 63 letters, digits, "-", "_" and ".".',
        'Put longer text into an annotation.');
    }
  }
  for (const name of Object.keys(metadata.annotations ?? {})) {
    if (!isQualifiedName(name)) {
      problems.add('CDK8SNIX0208', props.annotations, name,
        'The name of an annotation has at most 63 letters, digits, "-", "_" and ".", after an optional DNS prefix.',
        'Use for example "example.org/owner".');
    }
  }
}
