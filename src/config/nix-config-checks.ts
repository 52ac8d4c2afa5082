import * as kplus from 'cdk8s-plus-28';
import { closestSetting } from './closest-setting';
import { NixConfigProps } from './nix-config-props';
import { KNOWN_SETTINGS, OWN_SETTINGS } from './nix-settings';
import { isDataKey } from '../base/kubernetes-name';
import { Problems } from '../base/problems';

/** Record what is wrong with the props of nix.conf. */
export function checkNixConfig(props: NixConfigProps, problems: Problems): void {
  (props.substituters ?? []).forEach((s, i) => s._validate(problems, `config.substituters[${i}]`));
  checkNumber(problems, 'maxJobs', props.maxJobs);
  checkNumber(problems, 'cores', props.cores);
  checkFree(problems, props);
  checkSecretKey(problems, 'netrc', props.netrc);
  (props.extraNetrcs ?? []).forEach((value, i) => checkSecretKey(problems, `extraNetrcs[${i}]`, value));
  checkSecretKey(problems, 'accessTokens', props.accessTokens);
  Object.entries(props.settings ?? {}).forEach(([name, value]) => checkSetting(problems, props, name, value));
  (props.extraLines ?? []).forEach((line, i) => checkLine(problems, line, i));
}

function checkNumber(problems: Problems, prop: string, value: number | undefined): void {
  if (value !== undefined && (!Number.isInteger(value) || value < 0 || value > 65535)) {
    problems.add('CDK8SNIX0306', `config.${prop}`, value, 'It is a whole number from 0 to 65535.', 'Use for example 4.');
  }
}

function checkFree(problems: Problems, { minFree, maxFree }: NixConfigProps): void {
  if (maxFree && !minFree) {
    problems.add('CDK8SNIX0306', 'config.maxFree', maxFree.asString(), 'Without minFree nothing starts a collection.', 'Set minFree too.');
  } else if (maxFree && minFree && maxFree.toKibibytes() < minFree.toKibibytes()) {
    problems.add('CDK8SNIX0306', 'config.maxFree', maxFree.asString(), `The collection would stop below minFree (${minFree.asString()}), where it starts.`,
      'Make it at least as large as minFree.');
  }
}

function checkSecretKey(problems: Problems, prop: string, value: kplus.SecretValue | undefined): void {
  if (value && !isDataKey(value.key)) {
    problems.add('CDK8SNIX0308', `config.${prop}.key`, value.key, 'The key of a Secret has letters, digits, "-", "_" and "."; 253 at most.',
      'Name the key as it stands in the Secret.');
  }
}

/** The settings that have a prop of their own. */
const TYPED_SETTINGS: { readonly [name: string]: Array<keyof NixConfigProps> } = {
  'max-jobs': ['maxJobs'],
  'cores': ['cores'],
  'min-free': ['minFree'],
  'max-free': ['maxFree'],
};

function checkSetting(problems: Problems, props: NixConfigProps, name: string, value: unknown): void {
  const prop = `config.settings.${name}`;
  const plain = name.replace(/^extra-/, '');
  if (!KNOWN_SETTINGS.has(plain)) {
    const closest = closestSetting(plain);
    problems.add('CDK8SNIX0303', 'config.settings', name, 'Nix has no such setting.',
      closest ? `Did you mean "${closest}"?` : 'If your Nix is newer than this library, write it in extraLines.');
  } else if (Object.hasOwn(OWN_SETTINGS, plain)) {
    problems.add('CDK8SNIX0305', prop, value, `The library sets this: ${OWN_SETTINGS[plain]}.`, 'Leave it out.');
  } else if (TYPED_SETTINGS[name]?.some(p => props[p] !== undefined)) {
    problems.add('CDK8SNIX0305', prop, value, `It is set by the prop ${TYPED_SETTINGS[name].join(' or ')} too.`, 'Keep one of the two.');
  } else if (name === 'substituters' || name === 'trusted-public-keys') {
    problems.add('CDK8SNIX0305', prop, value, 'Caches and their keys belong together.', 'Use the prop `substituters`.');
  }
  if (!isSettingValue(value)) {
    problems.add('CDK8SNIX0304', prop, value, 'A value is a string of one line, a number, a boolean, or a list of strings without white space.',
      'Write it as nix.conf would.');
  }
}

function isSettingValue(value: unknown): boolean {
  switch (typeof value) {
    case 'string': return !/[\r\n\0]/.test(value);
    case 'number': return Number.isFinite(value);
    case 'boolean': return true;
    default: return Array.isArray(value) && value.every(item => typeof item === 'string' && /^\S+$/.test(item));
  }
}

function checkLine(problems: Problems, line: string, index: number): void {
  const prop = `config.extraLines[${index}]`;
  const name = /^\s*(?<name>[a-z][a-z0-9-]*)\s*=/.exec(line)?.groups!.name;
  if (/[\r\n]/.test(line) || !/^\s*($|#|!?include\s+\S|[a-z][a-z0-9-]*\s*=)/.test(line)) {
    problems.add('CDK8SNIX0307', prop, line, 'It is no line of nix.conf.', 'Write `name = value`, `include path` or a comment, one a line.');
  } else if (name !== undefined && Object.hasOwn(OWN_SETTINGS, name)) {
    problems.add('CDK8SNIX0305', prop, line, `The library sets this: ${OWN_SETTINGS[name]}.`, 'Leave it out.');
  }
}
