import { NixConfigProps } from './nix-config-props';
import { KNOWN_SETTINGS, OWN_SETTINGS, SECRET_SETTINGS, SettingKind } from './nix-settings';
import { checkPublicKey } from './public-key';
import { checkStoreUrl } from './store-url';
import { isConfLine, itemsOf, writtenCaches, WrittenSetting, writtenSettings } from './written-settings';
import { closestName } from '../base/closest-name';
import { urlHoldsSecret } from '../base/plain-secret';
import { Problems } from '../base/problems';

/** Record what is wrong with `settings` and `extraLines`. The same rules hold for both, as far as a setting is known. */
export function checkWrittenSettings(problems: Problems, props: NixConfigProps): void {
  (props.extraLines ?? []).forEach((line, i) => {
    if (!isConfLine(line)) {
      problems.add('CDK8SNIX0307', `config.extraLines[${i}]`, line, 'It is no line of nix.conf.',
        'Write `name = value` with white space around "=", `include path` or a comment, one a line.');
    }
  });
  const replaced = new Set<string>();
  for (const setting of writtenSettings(props)) {
    if (checkName(problems, props, setting, replaced) && checkPasswords(problems, setting)) {
      checkValue(problems, setting);
    }
    if (!setting.adds) {
      replaced.add(setting.name);
    }
  }
  checkCaches(problems, props);
}

/** The settings that have a prop of their own. */
const TYPED_SETTINGS: { readonly [name: string]: Array<keyof NixConfigProps> } = {
  'max-jobs': ['maxJobs'],
  'cores': ['cores'],
  'min-free': ['minFree'],
  'max-free': ['maxFree'],
};

/** @returns whether the value is worth a look */
function checkName(problems: Problems, props: NixConfigProps, setting: WrittenSetting, replaced: ReadonlySet<string>): boolean {
  const { prop, written, name, adds, raw } = setting;
  const refuse = (problem: string, remedy: string): boolean => {
    problems.add('CDK8SNIX0305', prop, shown(setting), problem, remedy);
    return false;
  };
  if (Object.hasOwn(OWN_SETTINGS, name)) {
    return refuse(`The library sets this: ${OWN_SETTINGS[name]}.`, 'Leave it out.');
  }
  const kind = KNOWN_SETTINGS.get(name);
  if (kind === undefined) {
    if (!raw) {
      const closest = closestName(name, KNOWN_SETTINGS.keys(), 2);
      problems.add('CDK8SNIX0303', 'config.settings', written, 'Nix has no such setting.',
        closest ? `Did you mean "${closest}"?` : 'If your Nix is newer than this library, write it in extraLines.');
    }
    return true;
  }
  if (adds && kind !== 'list') {
    problems.add('CDK8SNIX0303', raw ? prop : 'config.settings', written, `Nix adds to lists only, and ${name} is none.`, `Did you mean "${name}"?`);
    return true;
  }
  const typed = TYPED_SETTINGS[name]?.filter(p => props[p] !== undefined) ?? [];
  if (typed.length > 0) {
    return refuse(`It is set by the prop ${typed.join(' or ')} too.`, 'Keep one of the two.');
  }
  if (!adds && (name === 'substituters' || name === 'trusted-public-keys')) {
    return refuse('Caches and their keys belong together.', 'Use the prop `substituters`, and `defaultSubstituter: false` to have no others.');
  }
  return !adds && replaced.has(name) ? refuse('It is given twice, and Nix takes the last.', 'Keep one of the two.') : true;
}

/** URLs with a password, in any setting that takes URLs; those of caches are told with their other mistakes. */
function checkPasswords(problems: Problems, { prop, name, value }: WrittenSetting): boolean {
  const hasPassword = name !== 'substituters' && itemsOf(value).some(urlHoldsSecret);
  if (hasPassword) {
    problems.add('CDK8SNIX0304', prop, '(not shown)', 'It holds a password, which anyone who can read the manifest would see.', 'Leave it out, and use the prop `netrc`, which takes a Secret.');
  }
  return !hasPassword;
}

/** What a setting of each kind takes, in words. */
const KINDS: { readonly [K in SettingKind]: string } = {
  list: 'It is a list of strings without white space.',
  number: 'It is a whole number, 0 or more.',
  boolean: 'It is true or false.',
  text: 'It is a string of one line, without "#".',
};

function checkValue(problems: Problems, setting: WrittenSetting): void {
  const { prop, name, value, raw } = setting;
  const kind = KNOWN_SETTINGS.get(name);
  if (!fitsSetting(setting)) {
    problems.add('CDK8SNIX0304', prop, value, kind === undefined ? 'nix.conf cannot hold such a value.' : KINDS[kind], raw ? 'Correct it, or leave it out.' : 'Write it as nix.conf would.');
  }
}

/** Whether a setting has a value that Nix takes for it, as far as it is known. */
export function fitsSetting({ name, value, raw }: WrittenSetting): boolean {
  const kind = KNOWN_SETTINGS.get(name);
  return kind === undefined ? raw || Object.values(FITS).some(test => test(value, name)) : FITS[kind](value, name);
}

/** One line; what follows a "#" is a comment to Nix. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !/[\r\n\0#]/.test(value);
}

const FITS: { readonly [K in SettingKind]: (value: unknown, name: string) => boolean } = {
  list: value => isText(value) || (Array.isArray(value) && value.every(item => typeof item === 'string' && /^[^\s#\0]+$/.test(item))),
  number: (value, name) => typeof value === 'number'
    ? Number.isSafeInteger(value) && value >= 0
    // Newer versions of Nix take a unit.
    : typeof value === 'string' && (/^[0-9]+[KMGT]?$/i.test(value) || (name === 'max-jobs' && value === 'auto')),
  boolean: value => typeof value === 'boolean' || /^(?:true|yes|1|false|no|0)$/.test(String(value)),
  text: value => isText(value) || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value)),
};

/** Caches that are added here have keys, as those of the prop have; keys alone may be for what comes by other ways. */
function checkCaches(problems: Problems, props: NixConfigProps): void {
  const { urls, keys } = writtenCaches(props);
  urls.forEach(({ prop, text }) => checkStoreUrl(problems, prop, text));
  keys.forEach(({ prop, text }) => checkPublicKey(problems, prop, text));
  if (urls.length > 0 && keys.length === 0) {
    problems.add('CDK8SNIX0302', urls[0].prop, urls[0].text, 'Without a key Nix refuses every path of this cache.',
      'Give its public key in extra-trusted-public-keys, or use the prop `substituters`.');
  }
}

function shown({ name, value, raw, written }: WrittenSetting): unknown {
  return SECRET_SETTINGS.has(name) ? '(not shown)' : raw ? `${written} = ${value}`.trimEnd() : value;
}
