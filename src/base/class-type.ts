import { Problem } from './problems';
import { quantityRemedy } from './quantity-remedy';
import { ValueType, wrongType } from './value-type';

/** Where a secret belongs: a text there may well be one. */
const OF_SECRETS = ['kplus.EnvValue', 'kplus.ISecret'];

/** An instance of a class: told by what it has, since there may be a second copy of its package, or a proxy from another language. */
export class ClassType implements ValueType {
  public readonly meaning: string;
  public readonly secretive: boolean;
  private readonly name: string;
  private readonly has: ReadonlyArray<readonly string[]>;

  /**
   * @param others the names of classes that a name tells from this one: several have nothing but a `_toKube`
   */
  constructor(
    private readonly id: string, has: readonly string[], private readonly makers: readonly string[], private readonly others: ReadonlySet<string>,
  ) {
    this.name = id.replace(/^.*\./, '');
    this.has = has.map(member => member.split('|'));
    const called = /^I[A-Z]/.test(this.name) ? this.name.slice(1) : this.name;
    this.meaning = OF_ANY_KIND[id] ?? `${/^[AEIOU]/.test(called) ? 'an' : 'a'} ${called}`;
    this.secretive = OF_SECRETS.includes(id);
  }

  public fits(value: unknown): boolean {
    return typeof value === 'object' && value !== null && this.has.every(members => members.some(member => member in value)) && !this.isOther(value);
  }

  public problems(prop: string, value: unknown): Problem[] {
    const made = quantityRemedy(this.id, value) ?? (OF_ANY_KIND[this.id] ? 'Use a chart, or another construct.' : `Use ${this.makers.join(', ')}.`);
    return [wrongType(this, prop, value, made)];
  }

  /** By its name, which tells nothing in an app whose names were made shorter. */
  private isOther(value: object): boolean {
    const name = value.constructor?.name;
    return name !== this.name && this.others.has(name);
  }
}

const OF_ANY_KIND: { readonly [id: string]: string } = { 'constructs.Construct': 'a construct', 'constructs.IConstruct': 'a construct' };
