import { DOORS } from './door-types';
import { CHECKED_WHERE_USED } from './own-codes';
import { describe, Problem } from './problems';
import { StructType } from './struct-type';
import { ANYTHING, ValueType, WithCode } from './value-type';
import { coded, typeOf } from './well-typed';

/** A constructor or method of the public API, by the name of its class. */
export type DoorName = keyof typeof DOORS;

interface Parameter {
  readonly name: string;
  readonly type: ValueType;
  readonly required: boolean;
  readonly variadic: boolean;
}

const doors = new Map<DoorName, Parameter[]>();

/** What props are marked with that were checked already: what one construct of ours hands on to another. A copy of them is not marked. */
const CHECKED = Symbol('checked');

/** For the constructs that a construct of ours makes of its own props. */
export function checkedProps<T extends object>(props: T): T {
  return Object.defineProperty(props, CHECKED, { value: true });
}

/**
 * For a constructor, before anything is made of its arguments.
 *
 * @param args all that it got
 * @param made what is constructed, as `new.target` says: a class that extends ours may have props of its own
 * @param own our class
 * @throws if one is of a wrong type, with all that are
 */
export function checkConstruct(door: DoorName, args: IArguments, made: Function, own: Function): void {
  if (args[2]?.[CHECKED]) {
    return;
  }
  const found = problemsOf(door, args, made !== own);
  if (found.length > 0) {
    const path = args[0]?.node?.path;
    throw failure(found, path === undefined ? '' : `[${[path, args[1]].filter(part => part !== '').join('/')}] `);
  }
}

/**
 * For a factory or a method.
 *
 * @param args all that it got
 * @param at the path of what it is a method of
 * @throws if one is of a wrong type, with all that are
 */
export function checkArguments(door: DoorName, args: IArguments, at?: { readonly node: { readonly path: string } }): void {
  const found = problemsOf(door, args, false);
  if (found.length > 0) {
    throw failure(found, at ? `[${at.node.path}] ` : '');
  }
}

function failure(found: Problem[], place: string): Error {
  return new Error(found.map(problem => place + describe(problem)).join('\n'));
}

function problemsOf(door: DoorName, args: IArguments, wide: boolean): Problem[] {
  const parameters = parametersOf(door);
  let fits = args.length <= parameters.length || parameters[parameters.length - 1]?.variadic;
  for (let i = 0; fits && i < Math.max(args.length, parameters.length); i++) {
    const { type, required, variadic } = parameters[Math.min(i, parameters.length - 1)];
    fits = args[i] === undefined ? !required && !(variadic && i < args.length) : type.fits(args[i]);
  }
  return fits ? [] : allProblems(door, parameters, [...args], wide);
}

function allProblems(door: DoorName, parameters: Parameter[], args: unknown[], wide: boolean): Problem[] {
  const isNew = !door.includes('.');
  const call = `${isNew ? `new ${door}` : door}()`;
  const found = parameters.flatMap(({ name, type, required, variadic }, i): Problem[] => {
    const arg = args[i];
    if (variadic) {
      return args.slice(i).flatMap((one, k) => type.fits(one) ? [] : type.problems(`${call}.${name}[${k}]`, one));
    }
    if (arg === undefined ? !required : type.fits(arg)) {
      return [];
    }
    const struct = type instanceof WithCode ? type.type : type;
    // Props stand by themselves, as people write them.
    const problems = struct instanceof StructType && struct.isStruct(arg) ? struct.problems(isNew ? '' : `${call}.`, arg, wide)
      : type.problems(`${call}.${name}`, arg);
    return arg === null && !required ? problems.map(problem => ({ ...problem, remedy: 'Leave it out.' })) : problems;
  });
  const more = args.slice(parameters.length).filter(arg => arg !== undefined);
  return more.length === 0 || parameters[parameters.length - 1]?.variadic ? found : [...found, {
    code: 'CDK8SNIX1304',
    prop: call,
    value: `${args.length} arguments`,
    problem: `It takes ${parameters.length === 0 ? 'none' : `${parameters.map(({ name }) => name).join(', ')}`}.`,
    remedy: parameters.length === 0 ? 'Leave them out.' : 'Leave the others out, or put them into the props.',
  }];
}

function parametersOf(door: DoorName): Parameter[] {
  let parameters = doors.get(door);
  if (parameters === undefined) {
    parameters = Object.entries<string>(DOORS[door]).map(([name, text]) => CHECKED_WHERE_USED.includes(`${door}.${name}`) ? {
      name, type: ANYTHING, required: false, variadic: false,
    } : {
      name, type: coded(`${door}.${name}`, typeOf(text.replace(/!|\.\.\.$/, ''))), required: text.endsWith('!'), variadic: text.endsWith('...'),
    });
    doors.set(door, parameters);
  }
  return parameters;
}
