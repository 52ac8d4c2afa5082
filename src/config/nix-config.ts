import { ApiObject, Lazy, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { MERGED_NETRC } from './merged-netrc';
import { closestSetting, KNOWN_SETTINGS, OWN_SETTINGS } from './nix-settings';
import { Substituter } from './substituter';
import { contentHash } from '../base/content-hash';
import { isDataKey } from '../base/kubernetes-name';
import { Problems } from '../base/problems';

/**
 * Typed settings of `nix.conf`.
 *
 * @see https://nix.dev/manual/nix/stable/command-ref/conf-file
 */
export interface NixConfigProps {
  /**
   * Binary caches, asked in this order before the public one.
   *
   * @default - only the public cache of the NixOS project
   */
  readonly substituters?: Substituter[];

  /**
   * Also use the public cache of the NixOS project.
   *
   * @default true
   */
  readonly defaultSubstituter?: boolean;

  /**
   * How many derivations Nix builds at once (`max-jobs`). 0 builds nothing and only substitutes.
   *
   * @default - as Nix does: 1
   */
  readonly maxJobs?: number;

  /**
   * How many cores one build may use (`cores`). 0 means all.
   *
   * @default - as Nix does: all
   */
  readonly cores?: number;

  /**
   * Collect garbage during a build when less than this is free in the store (`min-free`).
   *
   * @default - never
   */
  readonly minFree?: Size;

  /**
   * Stop that collection when this much is free (`max-free`). Not less than `minFree`.
   *
   * @default - collect everything that can go
   */
  readonly maxFree?: Size;

  /**
   * A Secret with a netrc file: user names and passwords for binary caches and sources.
   *
   * @default - none
   */
  readonly netrc?: kplus.SecretValue;

  /**
   * More Secrets with netrc files, for caches whose credentials have other owners. An init container joins all of them to the one file that
   * Nix reads, in memory; of two entries for one host the first counts, and a `default` entry is allowed in the last file only.
   *
   * @default - none
   */
  readonly extraNetrcs?: kplus.SecretValue[];

  /**
   * A Secret with a line of nix.conf that sets access tokens, `access-tokens = github.com=…`, included by nix.conf.
   *
   * @default - none
   */
  readonly accessTokens?: kplus.SecretValue;

  /**
   * More settings by their nix.conf names: strings, numbers, booleans, or lists of strings. Unknown names are refused.
   *
   * @default - none
   */
  readonly settings?: { [name: string]: any };

  /**
   * Raw lines at the end of nix.conf, for settings that this library does not know: `name = value`,
   * `include`, `!include` or a comment.
   *
   * @default - none
   */
  readonly extraLines?: string[];
}

/** The folder of nix.conf in the containers, `NIX_CONF_DIR`. */
const CONFIG_DIR = '/etc/cdk8s-nix';

/** The folder of the files that come from Secrets. */
const SECRETS_DIR = '/etc/cdk8s-nix-secrets';

const NETRC = 'netrc';
const ACCESS_TOKENS = 'access-tokens.conf';

/**
 * The `nix.conf` of an environment, in a ConfigMap.
 *
 * What a pod cannot have is off (sandbox, build users), flakes are on, signature checks stay on, and secrets
 * come from Secrets, never through the manifest.
 */
export class NixConfig extends Construct {
  /** The ConfigMap. */
  public readonly apiObject: ApiObject;

  private readonly clusterCaches: Substituter[] = [];
  private readonly substituters: Substituter[];
  private readonly problems: Problems;
  private readonly files: { [name: string]: string } = {};
  private readonly ownSettings = new Map<string, string>();
  /** What was rendered last: synth asks for it several times. None after a change. */
  private rendered?: { readonly data: { [name: string]: string }; readonly checksum: string };

  constructor(scope: Construct, id: string, private readonly props: NixConfigProps = {}) {
    super(scope, id);
    this.problems = new Problems(this);
    this.substituters = [...(props.substituters ?? [])];
    this.validateProps();

    this.apiObject = new ApiObject(this, 'Resource', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      data: Lazy.any({ produce: () => this.content.data }),
    });
  }

  /**
   * The name of the ConfigMap.
   */
  public get name(): string {
    return this.apiObject.name;
  }

  /**
   * Ask one more binary cache, before the public one.
   *
   * @param substituter the cache and its keys
   */
  public addSubstituter(substituter: Substituter): void {
    substituter._validate(this.problems, `config.substituters[${this.substituters.length}]`);
    this.substituters.push(substituter);
    this.rendered = undefined;
  }

  /**
   * A fingerprint of everything in the ConfigMap; pods carry it as an annotation, so that a change rolls them.
   *
   * @internal
   */
  public get _checksum(): string {
    return this.content.checksum;
  }

  /**
   * Another file beside nix.conf.
   *
   * @internal
   */
  public _addFile(name: string, content: string): void {
    this.files[name] = content;
    this.rendered = undefined;
  }

  /**
   * A setting that another part of the environment needs.
   *
   * @internal
   */
  public _set(name: string, value: string): void {
    this.ownSettings.set(name, value);
    this.rendered = undefined;
  }

  /**
   * Ask a cache in the cluster, before all others.
   *
   * @internal
   */
  public _addClusterCache(substituter: Substituter): void {
    this.clusterCaches.push(substituter);
    this.rendered = undefined;
    // Without these a cache that is gone, or whose upstream is, would stop Nix rather than send it to the next one.
    this.setDefault('fallback', 'true');
    this.setDefault('connect-timeout', '5');
  }

  /**
   * The substituters outside of the cluster.
   *
   * @internal
   */
  public get _externalUrls(): string[] {
    return [...this.substituters, ...(this.props.defaultSubstituter ?? true ? [Substituter.nixos()] : [])].map(substituter => substituter.url);
  }

  /**
   * The Secrets with netrc files, if there are several, which have to be joined.
   *
   * @internal
   */
  public get _severalNetrcs(): kplus.SecretValue[] {
    return this.netrcs.length > 1 ? this.netrcs : [];
  }

  /**
   * The folder of nix.conf in the containers.
   *
   * @internal
   */
  public get _configDir(): string {
    return CONFIG_DIR;
  }

  /**
   * Where the files from Secrets are mounted, and from which Secrets they come.
   *
   * @internal
   */
  public get _secretFiles(): { readonly mountPath: string; readonly sources: kplus.k8s.VolumeProjection[] } {
    const file = (value: kplus.SecretValue, path: string): kplus.k8s.VolumeProjection =>
      ({ secret: { name: value.secret.name, items: [{ key: value.key, path }] } });
    return {
      mountPath: SECRETS_DIR,
      sources: [
        ...(this.netrcs.length === 1 ? [file(this.netrcs[0], NETRC)] : []),
        ...(this.props.accessTokens ? [file(this.props.accessTokens, ACCESS_TOKENS)] : []),
      ],
    };
  }

  private get netrcs(): kplus.SecretValue[] {
    return [...(this.props.netrc ? [this.props.netrc] : []), ...this.props.extraNetrcs ?? []];
  }

  private setDefault(name: string, value: string): void {
    if (!(name in (this.props.settings ?? {}))) {
      this._set(name, value);
    }
  }

  private get content(): { readonly data: { [name: string]: string }; readonly checksum: string } {
    if (!this.rendered) {
      const data = { 'nix.conf': this.render(), ...this.files };
      this.rendered = { data, checksum: contentHash(...Object.entries(data).flat()) };
    }
    return this.rendered;
  }

  private render(): string {
    const caches = [...this.clusterCaches, ...this.substituters, ...(this.props.defaultSubstituter ?? true ? [Substituter.nixos()] : [])];
    const lines = [
      '# Written by cdk8s-nix.',
      ...setting('experimental-features', 'nix-command flakes', this.props.settings),
      'sandbox = false',
      'filter-syscalls = false',
      'build-users-group =',
      `substituters = ${unique(caches.map(c => c.url)).join(' ')}`.trimEnd(),
      `trusted-public-keys = ${unique(caches.flatMap(c => c.publicKeys)).join(' ')}`.trimEnd(),
      ...setting('max-jobs', this.props.maxJobs),
      ...setting('cores', this.props.cores),
      ...setting('min-free', this.props.minFree && bytes(this.props.minFree)),
      ...setting('max-free', this.props.maxFree && bytes(this.props.maxFree)),
      ...(this.netrcs.length > 0 ? [`netrc-file = ${this.netrcs.length > 1 ? MERGED_NETRC : `${SECRETS_DIR}/${NETRC}`}`] : []),
      ...[...this.ownSettings].map(([name, value]) => `${name} = ${value}`),
      ...Object.entries(this.props.settings ?? {}).map(([name, value]) => `${name} = ${render(value)}`.trimEnd()),
      // `include` rather than `!include`: a token that was asked for and is missing should be seen.
      ...(this.props.accessTokens ? [`include ${SECRETS_DIR}/${ACCESS_TOKENS}`] : []),
      ...(this.props.extraLines ?? []),
    ];
    return lines.join('\n') + '\n';
  }

  private validateProps(): void {
    this.substituters.forEach((s, i) => s._validate(this.problems, `config.substituters[${i}]`));
    this.validateNumber('maxJobs', this.props.maxJobs);
    this.validateNumber('cores', this.props.cores);
    this.validateFree();
    this.validateSecretKey('netrc', this.props.netrc);
    (this.props.extraNetrcs ?? []).forEach((value, i) => this.validateSecretKey(`extraNetrcs[${i}]`, value));
    this.validateSecretKey('accessTokens', this.props.accessTokens);
    Object.entries(this.props.settings ?? {}).forEach(([name, value]) => this.validateSetting(name, value));
    (this.props.extraLines ?? []).forEach((line, i) => this.validateLine(line, i));
  }

  private validateNumber(prop: string, value: number | undefined): void {
    if (value !== undefined && (!Number.isInteger(value) || value < 0 || value > 65535)) {
      this.problems.add('CDK8SNIX0306', `config.${prop}`, value, 'It is a whole number from 0 to 65535.', 'Use for example 4.');
    }
  }

  private validateFree(): void {
    const { minFree, maxFree } = this.props;
    if (maxFree && !minFree) {
      this.problems.add('CDK8SNIX0306', 'config.maxFree', maxFree.asString(), 'Without minFree nothing starts a collection.', 'Set minFree too.');
    } else if (maxFree && minFree && bytes(maxFree) < bytes(minFree)) {
      this.problems.add('CDK8SNIX0306', 'config.maxFree', maxFree.asString(), `The collection would stop below minFree (${minFree.asString()}), where it starts.`,
        'Make it at least as large as minFree.');
    }
  }

  private validateSecretKey(prop: string, value: kplus.SecretValue | undefined): void {
    if (value && !isDataKey(value.key)) {
      this.problems.add('CDK8SNIX0308', `config.${prop}.key`, value.key, 'The key of a Secret has letters, digits, "-", "_" and "."; 253 at most.',
        'Name the key as it stands in the Secret.');
    }
  }

  private validateSetting(name: string, value: unknown): void {
    const prop = `config.settings.${name}`;
    const plain = name.replace(/^extra-/, '');
    if (!KNOWN_SETTINGS.has(plain)) {
      const closest = closestSetting(plain);
      this.problems.add('CDK8SNIX0303', 'config.settings', name, 'Nix has no such setting.',
        closest ? `Did you mean "${closest}"?` : 'If your Nix is newer than this library, write it in extraLines.');
    } else if (Object.hasOwn(OWN_SETTINGS, plain)) {
      this.problems.add('CDK8SNIX0305', prop, value, `The library sets this: ${OWN_SETTINGS[plain]}.`, 'Leave it out.');
    } else if (TYPED_SETTINGS[name]?.some(p => this.props[p] !== undefined)) {
      this.problems.add('CDK8SNIX0305', prop, value, `It is set by the prop ${TYPED_SETTINGS[name].join(' or ')} too.`, 'Keep one of the two.');
    } else if (name === 'substituters' || name === 'trusted-public-keys') {
      this.problems.add('CDK8SNIX0305', prop, value, 'Caches and their keys belong together.', 'Use the prop `substituters`.');
    }
    if (!isSettingValue(value)) {
      this.problems.add('CDK8SNIX0304', prop, value, 'A value is a string of one line, a number, a boolean, or a list of strings without white space.',
        'Write it as nix.conf would.');
    }
  }

  private validateLine(line: string, index: number): void {
    const prop = `config.extraLines[${index}]`;
    const name = /^\s*(?<name>[a-z][a-z0-9-]*)\s*=/.exec(line)?.groups!.name;
    if (/[\r\n]/.test(line) || !/^\s*($|#|!?include\s+\S|[a-z][a-z0-9-]*\s*=)/.test(line)) {
      this.problems.add('CDK8SNIX0307', prop, line, 'It is no line of nix.conf.', 'Write `name = value`, `include path` or a comment, one a line.');
    } else if (name !== undefined && Object.hasOwn(OWN_SETTINGS, name)) {
      this.problems.add('CDK8SNIX0305', prop, line, `The library sets this: ${OWN_SETTINGS[name]}.`, 'Leave it out.');
    }
  }
}

/** The settings that have a prop of their own. */
const TYPED_SETTINGS: { readonly [name: string]: Array<keyof NixConfigProps> } = {
  'max-jobs': ['maxJobs'],
  'cores': ['cores'],
  'min-free': ['minFree'],
  'max-free': ['maxFree'],
};

function setting(name: string, value: string | number | undefined, instead: NixConfigProps['settings'] = {}): string[] {
  return value === undefined || Object.hasOwn(instead, name) ? [] : [`${name} = ${value}`];
}

function bytes(size: Size): number {
  return size.toKibibytes() * 1024;
}

function isSettingValue(value: unknown): boolean {
  switch (typeof value) {
    case 'string': return !/[\r\n\0]/.test(value);
    case 'number': return Number.isFinite(value);
    case 'boolean': return true;
    default: return Array.isArray(value) && value.every(item => typeof item === 'string' && /^\S+$/.test(item));
  }
}

function render(value: string | number | boolean | string[]): string {
  return Array.isArray(value) ? value.join(' ') : String(value);
}

function unique(items: string[]): string[] {
  return [...new Set(items)];
}
