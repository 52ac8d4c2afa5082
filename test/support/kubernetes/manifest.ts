/** An object as it stands in a manifest file: whatever YAML can hold, hence `any` below the top level. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: any;
}

/** Where a rule reports a mistake: a JSON path inside the object, and what is wrong with the value there. */
export type Report = (path: string, mistake: string) => void;

/** Reports what a check found, if anything. */
export function refuse(report: Report, path: string, mistake: string | undefined): void {
  if (mistake) {
    report(path, mistake);
  }
}

/** Kind and name, as kubectl prints them. */
export function titleOf(manifest: Manifest): string {
  return `${manifest.kind}/${manifest.metadata?.name}`;
}

/** The fields of an object; none for a value of another type, which the schema check has already refused. */
export function entries(value: unknown): [string, any][] {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : [];
}

export function duplicates(values: unknown[]): unknown[] {
  return [...new Set(values.filter((value, i) => value !== undefined && values.indexOf(value) !== i))];
}
