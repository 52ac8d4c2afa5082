import { Problem } from './problems';
import { isPlain } from './shown-value';
import { ANYTHING, isToken, ValueType, wrongType } from './value-type';

/** A list of values of one type. */
export class ListType implements ValueType {
  public readonly meaning: string;
  public readonly secretive?: boolean;
  public readonly plural = true;

  constructor(private readonly items: ValueType) {
    this.meaning = `a list, of which each item is ${items.meaning}`;
    this.secretive = items.secretive;
  }

  public fits(value: unknown): boolean {
    return Array.isArray(value) && value.every(this.itemFits);
  }

  public problems(prop: string, value: unknown): Problem[] {
    if (!Array.isArray(value)) {
      return [wrongType(this, prop, value, this.items.fits(value) ? 'Put it in brackets: [ … ].' : 'Write [ … ].')];
    }
    return value.flatMap((item, i) => this.itemFits(item) ? [] : this.items.problems(`${prop}[${i}]`, item));
  }

  private readonly itemFits = (item: unknown): boolean => this.items.fits(item);
}

/** Values of one type by name. */
export class MapType implements ValueType {
  public readonly meaning: string;
  public readonly secretive?: boolean;
  public readonly plural = true;

  constructor(private readonly items: ValueType) {
    this.meaning = items === ANYTHING ? 'an object' : `an object, in which each value is ${items.meaning}`;
    this.secretive = items.secretive;
  }

  public fits(value: unknown): boolean {
    if (!this.isMap(value)) {
      return false;
    }
    for (const key of this.items === ANYTHING ? [] : Object.keys(value)) {
      if (value[key] !== undefined && !this.items.fits(value[key])) {
        return false;
      }
    }
    return true;
  }

  public problems(prop: string, value: unknown): Problem[] {
    if (!this.isMap(value)) {
      return [wrongType(this, prop, value, value instanceof Map ? 'Use Object.fromEntries(…) of it.' : 'Write { name: … }.')];
    }
    return Object.entries(value).flatMap(([name, item]) => item === undefined || this.items.fits(item) ? [] : this.items.problems(`${prop}.${name}`, item));
  }

  private isMap(value: unknown): value is { readonly [name: string]: unknown } {
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      && (isPlain(value) || (this.items === ANYTHING && (isToken(value) || Object.keys(value).length > 0)));
  }
}
