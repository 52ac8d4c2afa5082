import { closestName } from './closest-name';
import { Problem } from './problems';
import { isPlain, shownValue } from './shown-value';
import { ValueType, wrongType } from './value-type';

/** One prop of a struct. */
export interface Prop {
  readonly type: ValueType;
  readonly required: boolean;
}

/** How many letters of a name may differ from one that there is. */
const MISSPELT = 2;

/** An object with certain props. */
export class StructType implements ValueType {
  private readonly required: string[];

  /**
   * @param open whether there may be other props
   */
  constructor(private readonly props: ReadonlyMap<string, Prop>, private readonly open: boolean) {
    this.required = [...props].filter(([, prop]) => prop.required).map(([name]) => name);
  }

  public get meaning(): string {
    const names = [...this.props.keys()];
    return `an object with ${names.length === 1 ? 'the prop' : 'props such as'} ${names.slice(0, 5).join(', ')}`;
  }

  /** Of those that may have several, such as the variables of a container, nobody puts one in its place. */
  public get secretive(): boolean {
    return [...this.props.values()].some(({ type }) => type.secretive && !type.plural);
  }

  public fits(value: unknown): boolean {
    if (!this.isStruct(value)) {
      return false;
    }
    for (const name of this.required) {
      if (value[name] === undefined) {
        return false;
      }
    }
    if (!isPlain(value)) {
      return this.problemsOfProps('', value).length === 0;
    }
    for (const name of Object.keys(value)) {
      const inner = value[name];
      const prop = this.props.get(name);
      if (inner !== undefined && (prop === undefined ? !this.open || this.misspelt(name) !== undefined : !prop.type.fits(inner))) {
        return false;
      }
    }
    return true;
  }

  /**
   * @param wide whether it may have more props, which belong to a class that extends ours
   */
  public problems(prop: string, value: unknown, wide = false): Problem[] {
    if (!this.isStruct(value)) {
      return [wrongType(this, prop, value, 'Write { … } with the props.')];
    }
    const place = prop === '' || prop.endsWith(').') ? prop : `${prop}.`;
    const unknown = isPlain(value) ? Object.keys(value).filter(name => !this.props.has(name) && value[name] !== undefined) : [];
    return [...this.problemsOfProps(place, value), ...unknown.flatMap(name => this.unknownProp(place, name, value[name], wide))];
  }

  /** An instance of a class may be one too, if it has at least one of the props and is no construct. */
  public isStruct(value: unknown): value is { readonly [name: string]: unknown } {
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      && (isPlain(value) || (!('node' in value) && [...this.props.keys()].some(name => name in value)));
  }

  private problemsOfProps(place: string, value: { readonly [name: string]: unknown }): Problem[] {
    return [...this.props].flatMap(([name, { type, required }]) => {
      const inner = value[name];
      if (inner === undefined ? !required : type.fits(inner)) {
        return [];
      }
      const problems = type.problems(place + name, inner);
      return inner === null && !required ? problems.map(problem => ({ ...problem, remedy: 'Leave it out.' })) : problems;
    });
  }

  private unknownProp(place: string, name: string, value: unknown, wide: boolean): Problem[] {
    const meant = this.misspelt(name);
    return wide || (meant === undefined && this.open) ? [] : [{
      code: 'CDK8SNIX1304',
      prop: place + name,
      value: shownValue(name, value),
      problem: 'There is no such prop.',
      remedy: meant === undefined ? `Leave it out, or use one of ${[...this.props.keys()].join(', ')}.` : `Did you mean "${meant}"?`,
    }];
  }

  private misspelt(name: string): string | undefined {
    const plain = (text: string) => text.toLowerCase().replace(/[_-]/g, '');
    const closest = closestName(plain(name), [...this.props.keys()].map(plain), name.length > MISSPELT + 1 ? MISSPELT : 1);
    return closest === undefined ? undefined : [...this.props.keys()].find(known => plain(known) === closest);
  }
}
