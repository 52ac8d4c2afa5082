import { Duration, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { CareTask, deadlineSeconds } from './care-task';
import { NixGarbageCollectionOptions } from './garbage-collection-options';
import { programsSet } from './programs-set';
import { Problems } from '../base/problems';

const RESOURCES: kplus.ContainerResources = {
  cpu: { request: kplus.Cpu.millis(50) },
  memory: { request: Size.mebibytes(64), limit: Size.mebibytes(1024) },
};

/** What differs between a pod of its own and the start of a pod. */
export interface CollectionPlace {
  readonly deadline: Duration;
  readonly keepRecent: Duration;
  /** The home of the pod starts empty: nothing below it is a root. */
  readonly homeIsNew: boolean;
  /** A failure must not keep the pod from starting. */
  readonly goOn: boolean;
  /** The environment whose programs stay, however long ago its pod has started. */
  readonly environment: Construct;
}

export function garbageCollectionTask(options: NixGarbageCollectionOptions, problems: Problems, place: CollectionPlace): CareTask {
  const deadline = options.deadline ?? place.deadline;
  const days = wholeDays(problems, 'deleteOlderThan', options.deleteOlderThan);
  const unused = wholeDays(problems, 'forgetProgramsAfter', options.forgetProgramsAfter);
  const recent = wholeSeconds(problems, options.keepRecent ?? place.keepRecent);
  const below = mebibytes(problems, 'whenFreeBelow', options.whenFreeBelow);
  const above = mebibytes(problems, 'whenStoreAbove', options.whenStoreAbove);
  return {
    name: 'collect-garbage',
    args: [],
    deadline,
    resources: options.resources,
    suitableResources: RESOURCES,
    variables: {
      CARE_TIMEOUT: String(deadlineSeconds(problems, deadline)),
      ...(place.goOn ? { CARE_ON_FAILURE: 'go-on' } : {}),
      ...(days === undefined ? {} : { GC_OLDER_THAN_DAYS: String(days) }),
      ...(unused === undefined ? {} : { GC_FORGET_PROGRAMS_DAYS: String(unused), PROGRAMS_SET: programsSet(place.environment) }),
      ...(recent === 0 ? {} : { GC_KEEP_RECENT: String(recent) }),
      ...(below === undefined ? {} : { GC_WHEN_FREE_BELOW_MIB: String(below) }),
      ...(above === undefined ? {} : { GC_WHEN_STORE_ABOVE_MIB: String(above) }),
      ...(options.optimise ? { GC_OPTIMISE: 'yes' } : {}),
      ...(options.forgetUnseenRoots ? { GC_FORGET_UNSEEN: 'yes' } : {}),
      ...(place.homeIsNew ? { GC_HOME_IS_NEW: 'yes' } : {}),
    },
  };
}

function wholeDays(problems: Problems, prop: string, age: Duration | undefined): number | undefined {
  const days = age?.toDays({ integral: false });
  if (days !== undefined && (!Number.isInteger(days) || days < 1)) {
    problems.add('CDK8SNIX0704', prop, age!.toHumanString(), 'It is counted in whole days, one at least.',
      'Use for example Duration.days(30).');
  }
  return days;
}

function wholeSeconds(problems: Problems, age: Duration): number {
  const seconds = age.toSeconds({ integral: false });
  if (!Number.isInteger(seconds) || seconds < 0) {
    problems.add('CDK8SNIX0704', 'keepRecent', age.toHumanString(), 'It is in whole seconds.', 'Use for example Duration.hours(12), or Duration.seconds(0) for nothing.');
  }
  return seconds;
}

function mebibytes(problems: Problems, prop: string, size: Size | undefined): number | undefined {
  if (size === undefined) {
    return undefined;
  }
  const kibibytes = size.toKibibytes();
  if (kibibytes <= 0 || kibibytes % 1024 !== 0) {
    problems.add('CDK8SNIX0704', prop, size.asString(), 'It is one MiB or more, in whole MiB.', 'Use for example Size.gibibytes(2), or leave it out.');
  }
  return kibibytes / 1024;
}
