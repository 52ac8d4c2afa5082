import { ClassType } from './class-type';
import { ListType, MapType } from './collection-type';
import { FOREIGN_STRUCTS } from './foreign-types';
import { STRUCTS } from './option-types';
import { OWN_CODES } from './own-codes';
import { Prop, StructType } from './struct-type';
import { ANYTHING, BOOLEAN, EnumType, NUMBER, OrToken, TEXT, ValueType, WithCode } from './value-type';
import { CLASSES, ENUMS, MAKERS } from './value-types';

type Table<T> = { readonly [name: string]: T };

const ALL_STRUCTS: Table<Table<string>> = { ...STRUCTS, ...FOREIGN_STRUCTS };

/** Classes that are no constructs: nobody extends them, so that another one is told by its name too. */
const VALUES: ReadonlySet<string> = new Set(Object.entries<readonly string[]>(CLASSES).filter(([, has]) => !has.includes('node')).map(([name]) => name.replace(/^.*\./, '')));

/** What an EnvValue in options of ours is for: a credential, which only a Secret may hold. Anything else is refused where it is used. */
const CREDENTIAL = 'credential';

const known = new Map<string, ValueType>([
  ['text', TEXT], ['number', NUMBER], ['boolean', BOOLEAN], ['any', ANYTHING],
  [CREDENTIAL, new ClassType('kplus.EnvValue', CLASSES['kplus.EnvValue'], ['kplus.EnvValue.fromSecretValue({ secret, key })'], VALUES)],
]);

/** A type as the generated tables write it, made once. */
export function typeOf(text: string): ValueType {
  let type = known.get(text);
  if (type === undefined) {
    type = text.endsWith('[]') ? new ListType(typeOf(text.slice(0, -2))) : text.endsWith('{}') ? new MapType(typeOf(text.slice(0, -2))) : namedType(text);
    known.set(text, type);
  }
  return type;
}

function namedType(name: string): ValueType {
  const members = (ENUMS as Table<readonly string[]>)[name];
  if (members) {
    return new EnumType(name, members);
  }
  return name in ALL_STRUCTS ? structOf(name)
    : new ClassType(name, (CLASSES as Table<readonly string[]>)[name], (MAKERS as Table<readonly string[]>)[name] ?? [], VALUES);
}

/** The props of an interface and of those that it extends. */
function structOf(name: string): StructType {
  const props = propsOf(name);
  const open = props.delete('*');
  return new StructType(props, open);
}

function propsOf(name: string): Map<string, Prop> {
  const { '...': parents = '', ...own } = ALL_STRUCTS[name];
  // What is handed on to cdk8s may be resolved only when it is written.
  const type = (text: string): ValueType => name.includes('.') ? new OrToken(typeOf(text)) : typeOf(text.replace('kplus.EnvValue', CREDENTIAL));
  const props: Array<[string, Prop]> = [
    ...parents.split(' ').filter(parent => parent !== '').flatMap(parent => [...propsOf(parent)]),
    ...Object.entries(own).map(([prop, text]): [string, Prop] => [prop, { type: type(text.replace('!', '')), required: text.endsWith('!') }]),
  ];
  return new Map(props.map(([prop, { type: plain, required }]) => [prop, { type: coded(`${name}.${prop}`, plain), required }]));
}

/** What is wrong in this place may have a code of its own. */
export function coded(place: string, type: ValueType): ValueType {
  const code = OWN_CODES[place];
  return code === undefined ? type : new WithCode(type, code);
}
