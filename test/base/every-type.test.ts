import { App, Chart, Size } from 'cdk8s';
import { Samples } from './samples';
import { publicTypes } from '../../build-tools/public-types';
import * as library from '../../src';
import { CHECKED_WHERE_USED } from '../../src/base/own-codes';

const TYPES = publicTypes();
const samples = new Samples(TYPES);

/** What a value of another type is, for each type of the tables. */
function wrongValues(type: string): unknown[] {
  if (type.endsWith('[]')) {
    const inner = type.slice(0, -2);
    return ['x', 5, true, null, { 0: samples.of(inner) }, ...wrongValues(inner).map(value => [value])];
  }
  if (type.endsWith('{}')) {
    const inner = type.slice(0, -2);
    return ['x', 5, null, [samples.of(inner)], new Map([['name', samples.of(inner)]]), ...wrongValues(inner).map(value => ({ name: value }))];
  }
  switch (type) {
    case 'any': return [];
    case 'text': return [5, true, null, {}, ['x'], Size.gibibytes(1)];
    case 'number': return ['5', 'x', true, null, {}, [1], Size.gibibytes(1)];
    case 'boolean': return ['true', 'no', 0, 1, null, {}, []];
    default: return TYPES.enums.has(type) ? ['nope', 5, null, {}, [samples.of(type)]]
      : ['x', 5, true, null, [samples.of(type)], () => 1, ...(TYPES.structs.has(type) ? [new Date(0)] : [{}, Symbol])];
  }
}

/** A wrong value somewhere in one that is right but for that, and the name that a message has to have. */
type Wrong = [value: unknown, place: string];

/** Each prop and item of a type, however deep, with a wrong value. */
function* wrongs(type: string, place: string): Generator<Wrong> {
  for (const value of wrongValues(type)) {
    yield [value, place];
  }
  const [, inner, collection] = /^(.*)(\[\]|\{\})$/.exec(type) ?? [];
  if (collection && TYPES.structs.has(inner)) {
    for (const [value, where] of wrongs(inner, collection === '[]' ? `${place}[0]` : `${place}.name`)) {
      yield [collection === '[]' ? [value] : { name: value }, where];
    }
  }
  if (TYPES.structs.has(type)) {
    yield* wrongProps(type, place);
  }
}

/** Interfaces of which every wrong value was tried somewhere; elsewhere one a prop is enough. */
const seen = new Set<string>();

function* wrongProps(type: string, place: string): Generator<Wrong> {
  const again = seen.has(type);
  seen.add(type);
  const at = (prop: string) => place === '' || place.endsWith('.') ? place + prop : `${place}.${prop}`;
  for (const [prop, text] of Object.entries(samples.propsOf(type))) {
    const right = samples.of(type);
    for (const [value, where] of again ? wrongValues(text.replace('!', '')).slice(0, 1).map((wrong): Wrong => [wrong, at(prop)]) : wrongs(text.replace('!', ''), at(prop))) {
      yield [{ ...right, [prop]: value }, where];
    }
    if (text.endsWith('!')) {
      yield [{ ...right, [prop]: undefined }, at(prop)];
    }
  }
  if (!TYPES.structs.get(type)!.open) {
    yield [{ ...samples.of(type), nobodyKnows: 1 }, at('nobodyKnows')];
  }
}

const argumentsOf = (door: string, full = false): unknown[] => Object.entries(TYPES.doors.get(door)!).map(([name, type]) => name === 'id' ? samples.newId() : samples.of(type, full));

/** Calls a constructor, a factory or a method of an instance. */
function call(door: string, args: unknown[]): unknown {
  const [name, method] = door.split('.');
  const own = (library as any)[name];
  return method === undefined ? new own(...args) : method in own ? own[method](...args) : samples.of(name)[method](...args);
}

function messageOf(door: string, args: unknown[]): string {
  try {
    call(door, args);
    return 'no word';
  } catch (error) {
    return (error as Error).message;
  }
}

let tried = 0;

describe.each([...TYPES.doors].filter(([door]) => TYPES.classes.has(door.split('.')[0])))('%s', (door, parameters) => {
  const isNew = !door.includes('.');
  const prefix = isNew ? `new ${door}().` : `${door}().`;

  test('refuses each value of a wrong type, and says where', () => {
    const silent: string[] = [];
    Object.entries(parameters).forEach(([name, text], i) => {
      const type = text.replace(/!|\.\.\.$/, '');
      const struct = TYPES.structs.has(type);
      const cases: Wrong[] = [
        ...wrongValues(type).map((value): Wrong => [value, `${prefix}${name}`]),
        ...(text.endsWith('!') ? [[undefined, `${prefix}${name}`] as Wrong] : []),
        ...(struct ? wrongProps(type, isNew ? '' : prefix) : []),
      ];
      for (const [value, place] of cases) {
        const args = argumentsOf(door);
        args[i] = value;
        const message = messageOf(door, args);
        const own = CHECKED_WHERE_USED.includes(`${door}.${name}`);
        tried++;
        if (!/CDK8SNIX\d{4} /.test(message) || !message.includes(own ? name : place) || !(own || message.includes(': got '))) {
          silent.push(`${place} = ${String(JSON.stringify(value))}: ${message}`);
        }
      }
    });
    expect(silent).toEqual([]);
  });

  test('takes what is of the right types, whatever else is wrong with it', () => {
    for (const full of [false, true]) {
      expect(messageOf(door, argumentsOf(door, full))).not.toMatch(/CDK8SNIX130[234]|CDK8SNIX.*It is an? |TypeError|undefined/);
    }
  });

  test('takes no more than it knows', () => {
    const message = messageOf(door, [...argumentsOf(door), 'more']);
    expect(message).toMatch(Object.values(parameters).some(type => type.endsWith('...')) ? /no word/ : /CDK8SNIX1304 .*It takes /);
  });
});

test('that was all of them', () => {
  expect(tried).toBeGreaterThan(4000);
});

test('a wrong value leaves nothing behind in the tree', () => {
  const chart = new Chart(new App(), 'chart');
  expect(() => new library.NixStatefulSet(chart, 'app', { store: 'x' } as any)).toThrow('[chart/app] CDK8SNIX1304 store: got "x". It is a NixStore.');
  expect(chart.node.children).toEqual([]);
});
