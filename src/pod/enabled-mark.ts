import { ApiObject } from 'cdk8s';
import { PodTargetPart } from './pod-targets';

/** What an object is marked with that has Nix; the same in every copy of this library. */
const MARK = Symbol.for('cdk8s-nix.enabled');

interface Enabled {
  readonly kind: string;
  readonly name: string;
  /** The path of the environment. */
  readonly by: string;
  readonly podTemplates: readonly string[];
}

/** Which environment a part of an object has got Nix from, by its path. */
export function enabledBy(object: ApiObject, { kind, name }: PodTargetPart): string | undefined {
  return marksOf(object).find(mark => mark.kind === kind && mark.name === name)?.by;
}

export function markEnabled(object: ApiObject, { kind, name }: PodTargetPart, by: string, podTemplates: readonly string[] = []): void {
  const marks = marksOf(object);
  Object.defineProperty(object, MARK, { value: marks.concat({ kind, name, by, podTemplates }), configurable: true });
}

/** Where pods of an object are besides those that its kind has, as somebody said who gave Nix to it. */
export function podTemplatesOf(object: ApiObject): readonly string[] {
  return marksOf(object).flatMap(mark => mark.podTemplates);
}

function marksOf(object: ApiObject): Enabled[] {
  return (object as { [MARK]?: Enabled[] })[MARK] ?? [];
}
