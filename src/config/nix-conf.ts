import { NixConfigProps } from './nix-config-props';
import { Substituter } from './substituter';

/** What of nix.conf the props alone do not say. */
export interface NixConfContext {
  /** All caches, in the order in which they are asked. */
  readonly substituters: Substituter[];
  readonly netrcFile?: string;
  readonly accessTokensFile?: string;
  /** What other parts of the environment need. */
  readonly environmentSettings: ReadonlyMap<string, string>;
}

/** The text of nix.conf. */
export function renderNixConf(props: NixConfigProps, context: NixConfContext): string {
  const { substituters, netrcFile, accessTokensFile } = context;
  const { settings = {} } = props;
  const lines = [
    '# Written by cdk8s-nix.',
    ...setting('experimental-features', 'nix-command flakes', settings),
    'sandbox = false',
    'filter-syscalls = false',
    'build-users-group =',
    `substituters = ${unique(substituters.map(cache => cache.url)).join(' ')}`.trimEnd(),
    `trusted-public-keys = ${unique(substituters.flatMap(cache => cache.publicKeys)).join(' ')}`.trimEnd(),
    ...setting('max-jobs', props.maxJobs),
    ...setting('cores', props.cores),
    ...setting('min-free', props.minFree && props.minFree.toKibibytes() * 1024),
    ...setting('max-free', props.maxFree && props.maxFree.toKibibytes() * 1024),
    ...setting('netrc-file', netrcFile),
    ...Array.from(context.environmentSettings, ([name, value]) => `${name} = ${value}`),
    // By name: not every language keeps the order of a map.
    ...Object.entries(settings).sort(byName).map(([name, value]) => `${name} = ${render(value)}`.trimEnd()),
    // `include` rather than `!include`: a token that was asked for and is missing should be seen.
    ...(accessTokensFile === undefined ? [] : [`include ${accessTokensFile}`]),
    ...(props.extraLines ?? []),
  ];
  return lines.join('\n') + '\n';
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => a < b ? -1 : 1;

function setting(name: string, value: string | number | undefined, instead: NixConfigProps['settings'] = {}): string[] {
  return value === undefined || Object.hasOwn(instead, name) ? [] : [`${name} = ${value}`];
}

function render(value: string | number | boolean | string[]): string {
  return Array.isArray(value) ? value.join(' ') : String(value);
}

function unique(items: string[]): string[] {
  return [...new Set(items)];
}
