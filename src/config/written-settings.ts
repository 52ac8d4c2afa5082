import { NixConfigProps } from './nix-config-props';
import { KNOWN_SETTINGS, OLD_NAMES } from './nix-settings';

/** A setting as somebody wrote it: in `settings`, or in one of the raw lines. */
export interface WrittenSetting {
  /** Where it is written. */
  readonly prop: string;
  /** The name as written. */
  readonly written: string;
  /** The name that Nix knows it by today, without `extra-`. */
  readonly name: string;
  /** Whether it adds to a list rather than replacing it. */
  readonly adds: boolean;
  /** Text, if it is a raw line. */
  readonly value: unknown;
  readonly raw: boolean;
}

/** All settings that are not props of their own, in the order in which Nix reads them. */
export function writtenSettings({ settings = {}, extraLines = [] }: NixConfigProps): WrittenSetting[] {
  return [
    ...Object.entries(settings).map(([written, value]) => ({ prop: `config.settings.${written}`, written, ...nameOf(written), value, raw: false })),
    ...extraLines.flatMap((line, i) => {
      const match = LINE.exec(line);
      return match === null ? [] : [{ prop: `config.extraLines[${i}]`, written: match[1], ...nameOf(match[1]), value: match[2] ?? '', raw: true }];
    }),
  ];
}

/** Nix wants white space on both sides of `=`, and drops what follows a `#`. */
const LINE = /^\s*([a-z][a-z0-9-]*)\s+=(?:\s+([^#]*?))?\s*(?:#.*)?$/;

/** Whether a raw line is one that Nix can read. */
export function isConfLine(line: string): boolean {
  return !/[\r\n\0]/.test(line) && (/^\s*(?:$|#|!?include\s+\S+\s*(?:#.*)?$)/.test(line) || LINE.test(line));
}

/** A setting may really begin with `extra-`, as `extra-platforms` does. */
function nameOf(written: string): { readonly name: string; readonly adds: boolean } {
  const today = (name: string) => OLD_NAMES[name] ?? name;
  const adds = written.startsWith('extra-') && !KNOWN_SETTINGS.has(written);
  return { name: today(adds ? written.slice('extra-'.length) : written), adds };
}

/** The items of a list, however it is written. */
export function itemsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? value.split(/\s+/).filter(item => item !== '') : [];
}

/** Caches and keys that are added by settings rather than by the prop. They count as those of the prop do. */
export function writtenCaches(props: NixConfigProps): { readonly urls: WrittenItem[]; readonly keys: WrittenItem[] } {
  const added = writtenSettings(props).filter(({ adds }) => adds);
  const items = (name: string) => added.filter(setting => setting.name === name)
    .flatMap(({ prop, value }) => itemsOf(value).map(text => ({ prop, text })));
  return { urls: items('substituters'), keys: items('trusted-public-keys') };
}

/** An item of a list, and where it is written. */
export interface WrittenItem {
  readonly prop: string;
  readonly text: string;
}
