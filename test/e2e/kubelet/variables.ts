import { k8s } from 'cdk8s-plus-28';
import { Objects } from './objects';

/** What variables depend on beside the container. */
export interface VariableSources {
  readonly name: string;
  readonly namespace: string;
  /** Of this pod and no other one, whatever their names. */
  readonly uid: string;
  readonly objects: Objects;
  /** What the kubelet gives to every container, unless it has such a variable itself. */
  readonly serviceVariables: ReadonlyMap<string, string>;
}

/** The variables a container gets from its manifest, and of the Services. */
export function variablesOf(container: k8s.Container, pod: VariableSources): Map<string, string> {
  const { objects, serviceVariables } = pod;
  const variables = new Map<string, string>();
  for (const source of container.envFrom ?? []) {
    for (const [key, value] of contentsFrom(source, objects)) {
      variables.set(`${source.prefix ?? ''}${key}`, value.toString());
    }
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const resolved = valueFrom ? valueOf(valueFrom, pod, objects) : expand(value ?? '', new Map([...serviceVariables, ...variables]));
    if (resolved !== undefined) {
      variables.set(name, resolved);
    }
  }
  return new Map([...serviceVariables, ...variables]);
}

/** `$(NAME)` is replaced where NAME is known so far and left as it is otherwise; `$$(NAME)` stands for `$(NAME)`. */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (match, name) => match === '$$' ? '$' : variables.get(name) ?? match);
}

function contentsFrom(source: k8s.EnvFromSource, objects: Objects): Map<string, Buffer> {
  const [kind, reference] = source.secretRef ? ['Secret', source.secretRef] as const : ['ConfigMap', source.configMapRef!] as const;
  return objects.contents(kind, reference.name!, reference.optional);
}

function valueOf(source: k8s.EnvVarSource, pod: VariableSources, objects: Objects): string | undefined {
  if (source.fieldRef) {
    return { 'metadata.name': pod.name, 'metadata.namespace': pod.namespace, 'metadata.uid': pod.uid }[source.fieldRef.fieldPath];
  }
  const [kind, reference] = source.secretKeyRef ? ['Secret', source.secretKeyRef] as const : ['ConfigMap', source.configMapKeyRef!] as const;
  const value = objects.contents(kind, reference.name!, reference.optional).get(reference.key);
  if (value === undefined && !reference.optional) {
    throw new Error(`CreateContainerConfigError: couldn't find key ${reference.key} in ${kind} ${reference.name}`);
  }
  return value?.toString();
}
