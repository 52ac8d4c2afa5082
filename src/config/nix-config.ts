import { ApiObject, Lazy } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { MERGED_NETRC } from './merged-netrc';
import { renderNixConf } from './nix-conf';
import { checkNixConfig } from './nix-config-checks';
import { NixConfigProps } from './nix-config-props';
import { Substituter } from './substituter';
import { writtenCaches } from './written-settings';
import { checkArguments, checkConstruct } from '../base/argument-check';
import { contentHash } from '../base/content-hash';
import { Problems } from '../base/problems';
import { verbatim } from '../base/verbatim';
import { renderHereToo } from '../pod/written-manifest';

/** The folder of nix.conf in the containers, `NIX_CONF_DIR`. */
export const CONFIG_DIR = '/etc/cdk8s-nix';

/** The folder of the files that come from Secrets. */
const SECRETS_DIR = '/etc/cdk8s-nix-secrets';

const NETRC = 'netrc';
const ACCESS_TOKENS = 'access-tokens.conf';

/** The nix.conf of whoever says nothing about it, as nearly all environments of an app do: they have it once. */
let plainText: string | undefined;

/**
 * The `nix.conf` of an environment, in a ConfigMap.
 *
 * What a pod cannot have is off (sandbox, build users), flakes are on, signature checks stay on, and secrets
 * come from Secrets, never through the manifest.
 *
 * @example new NixEnvironment(chart, 'nix', { config: { settings: { 'max-jobs': 4, 'connect-timeout': 10 } } });
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
  private rendered?: { readonly text: string; readonly checksum: string };
  private changes = 0;

  constructor(scope: Construct, id: string, private readonly props: NixConfigProps = {}) {
    checkConstruct('NixConfig', arguments, new.target, NixConfig);
    super(scope, id);
    this.problems = new Problems(this);
    this.substituters = [...(props.substituters ?? [])];
    checkNixConfig(props, this.problems);

    this.apiObject = new ApiObject(this, 'Resource', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      data: Lazy.any({ produce: () => ({ 'nix.conf': this.content.text }) }),
      binaryData: Lazy.any({ produce: () => Object.keys(this.files).length === 0 ? undefined : verbatim(this.files) }),
    });
    renderHereToo(this.apiObject);
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
    checkArguments('NixConfig.addSubstituter', arguments, this);
    substituter._validate(this.problems, `config.substituters[${this.substituters.length}]`);
    this.substituters.push(substituter);
    this.changed();
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
   * How often it was changed.
   *
   * @internal
   */
  public get _revision(): number {
    return this.changes;
  }

  /**
   * A script beside nix.conf.
   *
   * @internal
   */
  public _addFile(name: string, content: string): void {
    this.files[name] = content;
    this.changed();
  }

  /**
   * A setting that another part of the environment needs.
   *
   * @internal
   */
  public _set(name: string, value: string): void {
    this.ownSettings.set(name, value);
    this.changed();
  }

  /**
   * Ask a cache in the cluster, before all others.
   *
   * @internal
   */
  public _addClusterCache(substituter: Substituter): void {
    this.clusterCaches.push(substituter);
    this.changed();
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
    return [...this.externalCaches.map(({ url }) => url), ...writtenCaches(this.props).urls.map(({ text }) => text)];
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

  private get externalCaches(): Substituter[] {
    return [...this.substituters, ...(this.props.defaultSubstituter ?? true ? [Substituter.nixos()] : [])];
  }

  private get netrcs(): kplus.SecretValue[] {
    return [...(this.props.netrc ? [this.props.netrc] : []), ...this.props.extraNetrcs ?? []];
  }

  private changed(): void {
    this.rendered = undefined;
    this.changes++;
  }

  private setDefault(name: string, value: string): void {
    if (!(name in (this.props.settings ?? {}))) {
      this._set(name, value);
    }
  }

  private get content(): { readonly text: string; readonly checksum: string } {
    if (!this.rendered) {
      const text = this.render();
      this.rendered = { text, checksum: contentHash('nix.conf', text, ...Object.entries(this.files).flat()) };
    }
    return this.rendered;
  }

  private render(): string {
    const saysNothing = this.ownSettings.size === 0 && this.clusterCaches.length === 0 && this.substituters.length === 0
      && Object.values(this.props).every(value => value === undefined);
    return saysNothing ? plainText ??= this.renderAnew() : this.renderAnew();
  }

  private renderAnew(): string {
    return renderNixConf(this.props, {
      substituters: [...this.clusterCaches, ...this.externalCaches],
      netrcFile: this.netrcs.length === 0 ? undefined : this.netrcs.length > 1 ? MERGED_NETRC : `${SECRETS_DIR}/${NETRC}`,
      accessTokensFile: this.props.accessTokens && `${SECRETS_DIR}/${ACCESS_TOKENS}`,
      environmentSettings: this.ownSettings,
    });
  }
}
