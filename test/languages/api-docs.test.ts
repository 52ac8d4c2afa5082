import { readFileSync } from 'fs';
import { join } from 'path';

interface Documented {
  readonly name: string;
  readonly docs?: { readonly summary?: string; readonly default?: string; readonly example?: string };
}

interface Member extends Documented {
  readonly optional?: boolean;
  readonly parameters?: Documented[];
}

interface ApiType extends Documented {
  readonly fqn: string;
  readonly kind: 'class' | 'enum' | 'interface';
  /** Whether it is a struct: props or options. */
  readonly datatype?: boolean;
  readonly properties?: Member[];
  readonly methods?: Member[];
  readonly members?: Documented[];
}

/** The API as jsii has compiled it: what API.md and the packages of all languages are made of. */
const TYPES: ApiType[] = Object.values(JSON.parse(readFileSync(join(__dirname, '..', '..', '.jsii'), 'utf-8')).types);

const isUndocumented = (documented: Documented) => (documented.docs?.summary ?? '') === '';
const namesOf = (type: ApiType, members: Documented[]) => members.map(member => `${type.name}.${member.name}`);

test('every public type and member says what it is', () => {
  expect(TYPES.length).toBeGreaterThan(60);
  expect(TYPES.filter(isUndocumented).map(type => type.name)).toEqual([]);
  const membersOf = (type: ApiType) => [...type.properties ?? [], ...type.methods ?? [], ...type.members ?? []];
  expect(TYPES.flatMap(type => namesOf(type, membersOf(type).filter(isUndocumented)))).toEqual([]);
});

test('every parameter of a method says what it is', () => {
  const parameters = TYPES.flatMap(type => (type.methods ?? []).flatMap(method =>
    (method.parameters ?? []).filter(isUndocumented).map(parameter => `${type.name}.${method.name}(${parameter.name})`)));
  expect(parameters).toEqual([]);
});

test('every optional prop says what it is if left out', () => {
  const silent = (prop: Member) => prop.optional && (prop.docs?.default ?? '') === '';
  expect(TYPES.filter(type => type.datatype).flatMap(type => namesOf(type, (type.properties ?? []).filter(silent)))).toEqual([]);
});

test('every class shows how it comes about, in each language', () => {
  const isShown = (type: ApiType) => type.docs?.example !== undefined || (type.methods ?? []).some(method => method.docs?.example !== undefined);
  const classes = TYPES.filter(type => type.kind === 'class');
  expect(classes.length).toBeGreaterThan(30);
  expect(classes.filter(type => !isShown(type)).map(type => type.name)).toEqual([]);
});
