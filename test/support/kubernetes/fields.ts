import { Report } from './manifest';
import { OpenApiTypes } from './openapi-types';

const ARRAY = /^Array<(.+)>$/;
const MAP = /^\{ \[key: string\]: (.+); \}$/;

/** Reports fields the API does not know, which the API server drops or refuses, and values of a wrong type. */
export function checkFields(types: OpenApiTypes, type: string, value: unknown, path: string, report: Report): void {
  const mistake = typeMistake(types, type, value);
  if (mistake) {
    report(path, mistake);
    return;
  }
  const element = type.match(ARRAY)?.[1];
  const member = type.match(MAP)?.[1];
  if (element) {
    (value as unknown[]).forEach((item, i) => checkFields(types, element, item, `${path}[${i}]`, report));
  } else if (member) {
    Object.entries(value as object).forEach(([key, item]) => checkFields(types, member, item, `${path}[${JSON.stringify(key)}]`, report));
  } else if (types[type]) {
    checkMembers(types, type, value as object, path, report);
  }
}

function checkMembers(types: OpenApiTypes, type: string, value: object, path: string, report: Report): void {
  for (const [field, item] of Object.entries(value).filter(([, v]) => v !== undefined)) {
    const fieldType = Object.hasOwn(types[type], field) ? types[type][field] : undefined;
    if (fieldType) {
      checkFields(types, fieldType, item, `${path}.${field}`, report);
    } else {
      report(`${path}.${field}`, `unknown field, ${type} has none of this name`);
    }
  }
}

function typeMistake(types: OpenApiTypes, type: string, value: unknown): string | undefined {
  const got = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const wanted = jsonTypes(types, type);
  return wanted.length === 0 || wanted.includes(got) ? undefined : `must be ${wanted.join(' or ')}, got ${got} ${JSON.stringify(value)}`;
}

/** The JSON types a value of this type may have; none means any. */
function jsonTypes(types: OpenApiTypes, type: string): string[] {
  if (ARRAY.test(type)) { return ['array']; }
  if (MAP.test(type) || types[type]) { return ['object']; }
  switch (type) {
    case 'boolean': return ['boolean'];
    case 'number': return ['number'];
    case 'IntOrString': return ['string', 'number'];
    // A quantity has the type string here and may be written as a number; kubernetes-models knows which strings are quantities.
    case 'string': return ['string', 'number'];
    case 'Date': return ['string'];
    default: return [];
  }
}
