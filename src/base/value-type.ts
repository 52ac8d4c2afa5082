import { ErrorCode } from './error-code';
import { Problem } from './problems';
import { shownValue } from './shown-value';

/** What values of a prop or an argument can be. */
export interface ValueType {
  /** As it stands after "It is": "a text". */
  readonly meaning: string;

  /** Whether a secret belongs in its place. */
  readonly secretive?: boolean;

  /** Whether there may be several in its place. */
  readonly plural?: boolean;

  /** Asked of each value that anybody gives. */
  fits(value: unknown): boolean;

  /** What is wrong with a value that does not fit, and where. */
  problems(prop: string, value: unknown): Problem[];
}

/** What is wrong with a value of a wrong type. */
export function wrongType(type: ValueType, prop: string, value: unknown, remedy: string, code: ErrorCode = 'CDK8SNIX1304'): Problem {
  return { code, prop, value: shownValue(/[^.[\]]*$/.exec(prop)![0], value, type.secretive), problem: `It is ${type.meaning}.`, remedy };
}

export const TEXT: ValueType = {
  meaning: 'a text',
  fits: value => typeof value === 'string',
  problems: (prop, value) => [wrongType(TEXT, prop, value,
    ['number', 'boolean', 'bigint'].includes(typeof value) ? `Put it in quotes: "${value}".` : 'Write a text, in quotes.')],
};

export const NUMBER: ValueType = {
  meaning: 'a number',
  // JSON and YAML have no other ones: they would be written as `null`, or as a text.
  fits: value => Number.isFinite(value),
  problems: (prop, value) => [wrongType(NUMBER, prop, value,
    typeof value === 'number' ? 'It was computed of something that is no number, such as a variable that is not set: look there.'
      : typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? `Write ${value}, without quotes.` : 'Write a number, without quotes.')],
};

export const BOOLEAN: ValueType = {
  meaning: 'true or false, and no text or number',
  fits: value => typeof value === 'boolean',
  problems: (prop, value) => [wrongType(BOOLEAN, prop, value, 'Write true or false, without quotes.', 'CDK8SNIX1303')],
};

/** What is checked where it is used, if at all. */
export const ANYTHING: ValueType = { meaning: 'anything', fits: () => true, problems: () => [] };

/** One of the values of an enum. */
export class EnumType implements ValueType {
  public readonly meaning: string;
  private readonly members: ReadonlySet<unknown>;

  constructor(name: string, members: readonly string[]) {
    this.meaning = `one of ${name}`;
    this.members = new Set(members);
  }

  public fits(value: unknown): boolean {
    return this.members.has(value);
  }

  public problems(prop: string, value: unknown): Problem[] {
    const known = [...this.members].map(member => JSON.stringify(member)).join(', ');
    return [{ ...wrongType(this, prop, value, `Use one of ${known}.`, 'CDK8SNIX1302'), problem: 'There is no such value.' }];
  }
}

/** What is resolved only when it is written: a Lazy of cdk8s, or another token. */
export function isToken(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (typeof (value as any).produce === 'function' || typeof (value as any).resolve === 'function');
}

/** The same, or a token in its place: where cdk8s resolves it. */
export class OrToken implements ValueType {
  constructor(private readonly type: ValueType) {}

  public get meaning(): string {
    return this.type.meaning;
  }

  public get secretive(): boolean | undefined {
    return this.type.secretive;
  }

  public get plural(): boolean | undefined {
    return this.type.plural;
  }

  public fits(value: unknown): boolean {
    return this.type.fits(value) || isToken(value);
  }

  public problems(prop: string, value: unknown): Problem[] {
    return isToken(value) ? [] : this.type.problems(prop, value);
  }
}

/** The same, with a code of its own for what does not fit. */
export class WithCode implements ValueType {
  constructor(public readonly type: ValueType, private readonly code: ErrorCode) {}

  public get meaning(): string {
    return this.type.meaning;
  }

  public get secretive(): boolean | undefined {
    return this.type.secretive;
  }

  public get plural(): boolean | undefined {
    return this.type.plural;
  }

  public fits(value: unknown): boolean {
    return this.type.fits(value);
  }

  public problems(prop: string, value: unknown): Problem[] {
    return this.type.problems(prop, value).map(problem =>
      problem.prop === prop || problem.code === 'CDK8SNIX1304' ? { ...problem, code: this.code } : problem);
  }
}
