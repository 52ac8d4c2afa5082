import * as kplus from 'cdk8s-plus-28';
import { NixConfigProps } from './nix-config-props';
import { checkWrittenSettings } from './written-settings-checks';
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
  if (props.settings !== undefined || props.extraLines !== undefined) {
    checkWrittenSettings(problems, props);
  }
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
