import { Duration, Size } from 'cdk8s';
import { NixBinaryCacheProps } from './binary-cache-props';
import { checkUpstream } from './cache-upstream';
import { isDnsSubdomain } from '../base/kubernetes-name';
import { Problems } from '../base/problems';
import { Substituter } from '../config/substituter';
import { checkCidrs } from '../network/network-rules';

/**
 * Record what is wrong with the props of a binary cache.
 *
 * @returns whether nginx.conf can be rendered from them
 */
export function checkCacheProps(props: NixBinaryCacheProps, upstreams: Substituter[], problems: Problems): boolean {
  checkNumber(problems, 'port', props.port, 1024, 65535, 'Below 1024 a user that is not root may not listen.');
  checkNumber(problems, 'replicas', props.replicas, 1, 100);
  checkNumber(problems, 'priority', props.priority, 0, 1000);
  checkNumber(problems, 'userId', props.userId, 1, 2 ** 31 - 1, 'Id 0 is root, which Pod Security `restricted` refuses.');
  props.caBundle?._validate(problems);
  checkCidrs(problems, 'upstreamCidrs', props.upstreamCidrs);
  if (props.storageClassName !== undefined && !isDnsSubdomain(props.storageClassName)) {
    problems.add('CDK8SNIX0202', 'storageClassName', props.storageClassName, 'A class name has lower-case letters, digits, "-" and ".".',
      'Name a class that `kubectl get storageclass` lists, or leave it out for the default one.');
  }
  return [checkUpstreams(problems, upstreams), checkSizes(problems, props), checkTimes(problems, props)].every(ok => ok);
}

function checkUpstreams(problems: Problems, upstreams: Substituter[]): boolean {
  if (upstreams.length === 0) {
    problems.add('CDK8SNIX0801', 'upstreams', upstreams, 'A cache has nothing to serve without an upstream.', 'Leave it out for the public cache.');
    return false;
  }
  return upstreams.map((upstream, i) => {
    if (!upstream._validate(problems, `upstreams[${i}]`)) {
      return false;
    }
    const problem = checkUpstream(upstream, `upstreams[${i}].url`, upstreams.slice(0, i));
    if (problem) {
      problems.record(problem);
    }
    return problem === undefined;
  }).every(ok => ok);
}

function checkSizes(problems: Problems, { volumeSize = Size.gibibytes(50), maxSize, minFree }: NixBinaryCacheProps): boolean {
  const [volume, max, free] = [volumeSize, maxSize, minFree].map(size => size?.toKibibytes({ rounding: 2 }));
  if (!(volume! > 0) || volume! % GIBIBYTE !== 0) {
    problems.add('CDK8SNIX0803', 'volumeSize', volumeSize.asString(), 'A claim is for one GiB or more, in whole GiB.', 'Use for example Size.gibibytes(50).');
    return false;
  }
  const tooSmall = ([['maxSize', max, maxSize], ['minFree', free, minFree]] as Array<[string, number | undefined, Size | undefined]>)
    .filter(([, kibibytes]) => kibibytes !== undefined && !(kibibytes >= MEBIBYTE));
  for (const [prop, , size] of tooSmall) {
    problems.add('CDK8SNIX0803', prop, size!.asString(), 'It is one MiB at least.', 'Leave it out: it follows the size of the volume.');
  }
  const [wanted, kept] = [max ?? volume! * 0.8, free ?? volume! * 0.1];
  if (tooSmall.length === 0 && wanted + kept > volume!) {
    problems.add('CDK8SNIX0803', max === undefined ? 'minFree' : 'maxSize', (max === undefined ? minFree! : maxSize!).asString(),
      `What the cache may hold (${mebibytes(wanted)}) and what stays free (${mebibytes(kept)}) do not fit on the volume (${mebibytes(volume!)}).`,
      'Make the volume larger, or one of them smaller.');
    return false;
  }
  return tooSmall.length === 0;
}

function checkTimes(problems: Problems, { hitTtl, missTtl, unusedFor }: NixBinaryCacheProps): boolean {
  const times: Array<[string, Duration | undefined]> = [['hitTtl', hitTtl], ['missTtl', missTtl], ['unusedFor', unusedFor]];
  const wrong = times.filter(([, duration]) => duration !== undefined && !isWholeSeconds(duration));
  for (const [prop, duration] of wrong) {
    problems.add('CDK8SNIX0804', prop, duration!.toHumanString(), 'It is one second at least, in whole seconds.', 'Use for example Duration.minutes(1).');
  }
  return wrong.length === 0;
}

function isWholeSeconds(duration: Duration): boolean {
  const milliseconds = duration.toMilliseconds();
  return milliseconds >= 1000 && milliseconds % 1000 === 0;
}

function checkNumber(problems: Problems, prop: string, value: number | undefined, least: number, most: number, why: string = ''): void {
  if (value !== undefined && (!Number.isInteger(value) || value < least || value > most)) {
    problems.add('CDK8SNIX0806', prop, value, `It is a whole number from ${least} to ${most}. ${why}`.trim(), 'Leave it out for the default.');
  }
}

function mebibytes(kibibytes: number): string {
  return `${Math.round(kibibytes / MEBIBYTE)} MiB`;
}

const MEBIBYTE = 1024;
const GIBIBYTE = 1024 * MEBIBYTE;
