import { createRequire } from 'module';
import { Manifest, Report } from './manifest';

const load = createRequire(__filename);

interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: { readonly allowedValues?: unknown[] };
}

/** A class of kubernetes-models, which validates what it is constructed from. */
type Model = new (manifest: Manifest) => { validate(): void };

/** The model of a kind, loaded by its own path: the whole package takes a second, in each test file again. */
export function modelOf(apiVersion: string, kind: string): Model | undefined {
  const path = `kubernetes-models/${apiVersion}/${kind}`;
  try {
    load.resolve(path);
  } catch {
    return undefined;
  }
  return load(path)[kind];
}

/** Reports missing required fields and values that are no member of an enum, no quantity, or of a wrong type. */
export function checkModel(model: Model, manifest: Manifest, report: Report): void {
  try {
    new model(manifest).validate();
  } catch (error) {
    const errors = (error as { errors?: SchemaError[] }).errors;
    if (!errors) {
      throw error;
    }
    errors.forEach(({ instancePath, message, params }) =>
      report(jsonPath(instancePath), [message, params.allowedValues && JSON.stringify(params.allowedValues)].filter(Boolean).join(' ')));
  }
}

/** `/spec/containers/0/image` becomes `.spec.containers[0].image`. */
function jsonPath(pointer: string): string {
  return pointer.split('/').slice(1)
    .map(step => step.replace(/~1/g, '/').replace(/~0/g, '~'))
    .map(step => /^\d+$/.test(step) ? `[${step}]` : /^\w+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`)
    .join('');
}
