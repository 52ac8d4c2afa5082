import { Members, PublicTypes, publicTypes } from './public-types';

const WIDTH = 150;

/** The tables of src/base by which values are checked, by file: what can be reached from the constructors and methods of the public API. */
export function typeTables(): { readonly [file: string]: string } {
  const types = publicTypes();
  const used = reachable(types);
  const isForeign = (name: string) => name.includes('.');
  const structs = used.filter(name => types.structs.has(name));
  const struct = (name: string): [string, Members] => {
    const { parents, props, open } = types.structs.get(name)!;
    return [name, { ...(parents.length > 0 ? { '...': parents.join(' ') } : {}), ...props, ...(open ? { '*': 'any' } : {}) }];
  };
  return {
    'door-types.ts': table(['DOORS', 'What the constructors and methods of the public API take.', [...types.doors].sort(byName)]),
    'option-types.ts': table(['STRUCTS', 'The props of our own interfaces.', structs.filter(name => !isForeign(name)).map(struct)]),
    'foreign-types.ts': table(
      ['FOREIGN_STRUCTS', 'The props of interfaces of cdk8s and cdk8s-plus; `*` stands for any other.', structs.filter(isForeign).map(struct)],
    ),
    'value-types.ts': table(
      ['ENUMS', 'The values of enums.', used.filter(name => types.enums.has(name)).map(name => [name, types.enums.get(name)!])],
      ['CLASSES', 'What instances of a class have (`|`: one of these is enough).', used.filter(name => types.classes.has(name)).map(name => [name, types.classes.get(name)!.has])],
      ['MAKERS', 'How they are made.', used.filter(name => types.classes.get(name)?.makers.length).map(name => [name, types.classes.get(name)!.makers])],
    ),
  };
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}

/** The types that a user may have to give, sorted. */
function reachable({ doors, structs, enums, classes }: PublicTypes): string[] {
  const found = new Set<string>();
  const visit = (type: string): void => {
    const name = type.replace(/!|\.\.\.$|\[\]|\{\}/g, '');
    if (found.has(name) || ['text', 'number', 'boolean', 'any'].includes(name)) {
      return;
    }
    const struct = structs.get(name);
    if (!struct && !enums.has(name) && !classes.has(name)) {
      throw new Error(`the table of types knows no ${name}`);
    }
    found.add(name);
    [...struct?.parents ?? [], ...Object.values(struct?.props ?? {})].forEach(visit);
  };
  [...doors.values()].flatMap(parameters => Object.values(parameters)).forEach(visit);
  return [...found].sort();
}

type Row = [name: string, content: Members | ReadonlyArray<string | number>];

function table(...tables: Array<[name: string, meaning: string, rows: Row[]]>): string {
  return [
    '/* Made of the public interfaces and classes by `npx projen docs`: see build-tools/public-types.ts. */',
    '/* eslint-disable @stylistic/object-property-newline */',
    ...tables.flatMap(([name, meaning, rows]) => [
      '',
      `/** ${meaning} */`,
      `export const ${name} = {`,
      ...rows.flatMap(([key, content]) => row(key, content, rows.some(([other]) => needsQuotes(other)))),
      '} as const;',
    ]),
    '',
  ].join('\n');
}

function row(key: string, content: Row[1], quoted: boolean): string[] {
  const list = Array.isArray(content);
  const named = Object.entries(content);
  const items = list ? content.map(literal) : named.map(([name, type]) => `${property(name, named.some(([other]) => needsQuotes(other)))}: ${literal(type)}`);
  const [open, close] = list ? ['[', ']'] : items.length === 0 ? ['{', '}'] : ['{ ', ' }'];
  const line = `  ${property(key, quoted)}: ${open}${items.join(', ')}${close},`;
  if (line.length <= WIDTH) {
    return [line];
  }
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.length - 1;
    if (last >= 0 && `${lines[last]} ${item},`.length <= WIDTH) {
      lines[last] += ` ${item},`;
    } else {
      lines.push(`    ${item},`);
    }
  }
  return [`  ${property(key, quoted)}: ${open.trim()}`, ...lines, `  ${close.trim()},`];
}

/** Either all names of an object have quotes, or none. */
function property(name: string, quoted: boolean): string {
  return quoted ? literal(name) : name;
}

function needsQuotes(name: string): boolean {
  return !/^\w+$/.test(name);
}

function literal(value: string | number): string {
  return typeof value === 'number' ? String(value) : `'${value.replace(/['\\]/g, '\\$&')}'`;
}
