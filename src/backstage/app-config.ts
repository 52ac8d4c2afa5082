import { ApiObject, App, NumberStringUnionResolver, ResolutionContext, Yaml } from 'cdk8s';
import { ConfigLayers } from './config-layers';
import { Problem } from '../base/problems';

/** A mapping of Backstage's configuration. */
export interface ConfigMapping {
  readonly [key: string]: any;
}

/** What stands in the place of a value that is refused, so that the rest can be looked at too. */
const REFUSED = null;

/** What JavaScript makes of an object in a template. */
const TEXT_OF_AN_OBJECT = '[object Object]';

const PLAIN_DATA = 'Write text, a number, true, false, null, a list or a mapping, as in app-config.yaml.';

/**
 * Backstage's configuration: our defaults, without those that are not wanted, and what the user adds merged over them.
 *
 * Tokens are resolved when the whole app is known, so all of this is asked at synth.
 */
export class AppConfig {
  constructor(
    private readonly defaults: () => ConfigMapping,
    private readonly extra: unknown,
    private readonly without: readonly string[],
    /** The object it becomes a part of: its app knows how to resolve tokens. */
    private readonly object: () => ApiObject,
  ) {}

  /** What cannot stand in a configuration file, and what cannot be left out of it. */
  public problems(): Problem[] {
    const problems: Problem[] = [];
    for (const extra of this.resolved(problems).filter(layer => !isMapping(layer))) {
      problems.push({ code: 'CDK8SNIX0905', prop: 'appConfig', value: extra, problem: 'A configuration is a mapping of keys.', remedy: 'Use for example { app: { title: "Portal" } }.' });
    }
    const defaults = this.defaults();
    for (const [i, path] of this.without.entries()) {
      if (!has(defaults, path.split('.'))) {
        problems.push({
          code: 'CDK8SNIX0905',
          prop: `appConfigWithout[${i}]`,
          value: path,
          problem: 'There is no such default.',
          remedy: `Use one of: ${paths(defaults).join(', ')}.`,
        });
      }
    }
    return problems;
  }

  /** What stands in the file. */
  public content(): ConfigMapping {
    const defaults = this.without.reduce<ConfigMapping>((config, path) => withoutPath(config, path.split('.')), this.defaults());
    return this.resolved([]).filter(isMapping).reduce<ConfigMapping>((content, layer) => merge(content, layer) as ConfigMapping, defaults);
  }

  /** The file. */
  public text(): string {
    return Yaml.stringify(this.content());
  }

  private resolved(problems: Problem[]): unknown[] {
    const layers = this.extra instanceof ConfigLayers ? this.extra.layers : [this.extra];
    return layers.map(layer => this.resolve(layer, [], problems, []));
  }

  /** As cdk8s resolves the values of a manifest, but that what is left and is no plain data is refused, by its path. */
  private resolve(value: unknown, path: string[], problems: Problem[], above: unknown[]): unknown {
    const token = this.token(value, path);
    if (token) {
      return this.resolve(token.stands, path, problems, above);
    }
    if (typeof value === 'string' && value.includes(TEXT_OF_AN_OBJECT)) {
      return refuse(problems, path, value, 'It was made of an object, such as a Lazy, which no text can hold.', 'Make the whole text in it: Lazy.any({ produce: () => `…` }).');
    }
    if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') {
      return value;
    }
    if (above.includes(value)) {
      return refuse(problems, path, '(circular)', 'It holds itself.');
    }
    const inside = [...above, value];
    if (Array.isArray(value)) {
      // From: the holes of a list are passed over otherwise.
      return Array.from(value, (item, i) => this.resolve(item, [...path, String(i)], problems, inside)).filter(item => item !== undefined);
    }
    if (isMapping(value)) {
      const entries = Object.entries(value).map(([key, item]) => [key, this.resolve(item, [...path, key], problems, inside)]);
      return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
    }
    if (typeof value === 'number') {
      return Number.isFinite(value) ? value : refuse(problems, path, value, 'It is no number that a file can hold.');
    }
    return typeof value === 'object'
      ? refuse(problems, path, value.constructor?.name ?? 'object', 'It is an instance of a class.')
      : refuse(problems, path, String(value), `It is a ${typeof value}.`);
  }

  /** What a token stands for; undefined if the value is none. */
  private token(value: unknown, path: string[]): { readonly stands: unknown } | undefined {
    if (value === null || value === undefined) {
      return undefined;
    }
    const object = this.object();
    const context = new ResolutionContext(object, path, value);
    // That of union types would take anything with a `value` for one, a variable of a container for example.
    for (const resolver of App.of(object).resolvers.filter(other => !(other instanceof NumberStringUnionResolver))) {
      resolver.resolve(context);
      if (context.replaced) {
        return { stands: context.replacedValue };
      }
    }
    return undefined;
  }
}

function refuse(problems: Problem[], path: string[], value: unknown, problem: string, remedy: string = PLAIN_DATA): null {
  const prop = ['appConfig', ...path].map((key, i) => /^\d+$/.test(key) ? `[${key}]` : i === 0 ? key : `.${key}`).join('');
  problems.push({ code: 'CDK8SNIX0905', prop, value, problem, remedy });
  return REFUSED;
}

/** Mappings are merged, all else is replaced. */
function merge(base: unknown, over: unknown): unknown {
  if (!isMapping(base) || !isMapping(over)) {
    return over;
  }
  const keys = [...new Set([...Object.keys(base), ...Object.keys(over)])];
  const value = (key: string): unknown => Object.hasOwn(base, key) ? merge(base[key], over[key]) : over[key];
  return Object.fromEntries(keys.map(key => [key, Object.hasOwn(over, key) ? value(key) : base[key]]));
}

function withoutPath(config: ConfigMapping, [key, ...rest]: string[]): ConfigMapping {
  const { [key]: inside, ...others } = config;
  return rest.length === 0 || !isMapping(inside) ? others : { ...config, [key]: withoutPath(inside, rest) };
}

function has(config: unknown, [key, ...rest]: string[]): boolean {
  return isMapping(config) && Object.hasOwn(config, key) && (rest.length === 0 || has(config[key], rest));
}

function paths(config: ConfigMapping): string[] {
  return Object.entries(config).flatMap(([key, value]) => [key, ...(isMapping(value) ? paths(value).map(path => `${key}.${path}`) : [])]);
}

function isMapping(value: unknown): value is ConfigMapping {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const prototype = Object.getPrototypeOf(value);
  // The second one: an object of another realm, as the foreign languages' kernel may make them.
  return prototype === null || prototype === Object.prototype || (Object.getPrototypeOf(prototype) === null && prototype.constructor?.name === 'Object');
}
