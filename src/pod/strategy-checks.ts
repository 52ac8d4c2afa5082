import { isKind } from './object-kind';
import { listOf } from './pod-manifest';
import { Problem } from '../base/problems';

/** How pods of a kind are replaced. */
interface Strategies {
  readonly field: 'strategy' | 'updateStrategy';
  readonly types: readonly string[];
  /** The type whose numbers of pods are beside it, and where those are. */
  readonly rolling: string;
  readonly numbers: 'rollingUpdate' | 'rollingParams';
  /** The type that is to be used where none of them is meant. */
  readonly advice: string;
}

const ROLLING = { rolling: 'RollingUpdate', numbers: 'rollingUpdate' } as const;
const BY_DELETING = { ...ROLLING, field: 'updateStrategy', types: ['RollingUpdate', 'OnDelete'], advice: 'RollingUpdate' } as const;

const STRATEGIES: ReadonlyArray<readonly [kind: string, group: string, strategies: Strategies]> = [
  ['Deployment', 'apps', { ...ROLLING, field: 'strategy', types: ['Recreate', 'RollingUpdate'], advice: 'Recreate' }],
  ['DeploymentConfig', 'apps.openshift.io', { field: 'strategy', types: ['Recreate', 'Rolling', 'Custom'], rolling: 'Rolling', numbers: 'rollingParams', advice: 'Recreate' }],
  ['StatefulSet', 'apps', BY_DELETING],
  ['DaemonSet', 'apps', BY_DELETING],
];

/** How a workload replaces its pods, by itself: an API server, or the controller of the kind, refuses what contradicts itself. */
export function checkStrategy(object: any): Problem[] {
  if (isKind(object, 'Rollout', 'argoproj.io')) {
    return checkRollout(object.spec?.strategy);
  }
  const [,, strategies] = STRATEGIES.find(([kind, group]) => isKind(object, kind, group)) ?? [];
  const strategy = strategies && object.spec?.[strategies.field];
  return strategies && strategy ? checkType(object, strategies, strategy) : [];
}

function checkType(object: any, { field, types, rolling, numbers, advice }: Strategies, strategy: any): Problem[] {
  const { type, [numbers]: amounts } = strategy;
  // An empty text is what Kubernetes has a default for, too.
  const isOpen = isMissing(type) || type === '';
  if (!isOpen && !types.includes(type)) {
    const meant = types.find(known => known.toLowerCase() === String(type).toLowerCase());
    return [refused(`${field}.type`, type, `A ${object.kind} has ${types.slice(0, -1).join(', ')} or ${types[types.length - 1]}.`, `Write ${meant ?? advice}.`)];
  }
  if (!amounts) {
    return [];
  }
  const place = `${field}.${numbers}`;
  if (type === 'Recreate' || (type === 'OnDelete' && object.kind === 'StatefulSet')) {
    return [refused(place, amounts, `With ${type} there is nothing that rolls.`, 'Leave it out.')];
  }
  return isOpen || type === rolling ? checkAmounts(object, place, amounts) : [];
}

function checkAmounts(object: any, place: string, amounts: any): Problem[] {
  const { maxSurge, maxUnavailable, partition } = amounts;
  const wrong = [
    ...checkAmount(`${place}.maxSurge`, maxSurge), ...checkAmount(`${place}.maxUnavailable`, maxUnavailable),
    ...(isMissing(partition) || isWhole(partition) ? [] : [refused(`${place}.partition`, partition, 'It is a whole number, from 0.', 'Use for example 1, without quotes, or leave it out.')]),
  ];
  if (wrong.length > 0) {
    return wrong;
  }
  if (isKind(object, 'DaemonSet', 'apps') && !isMissing(maxSurge) && !isNone(maxSurge) && !isNone(maxUnavailable)) {
    return [refused(place, amounts, 'A DaemonSet starts the new pod of a node before it stops the old one, or after: maxUnavailable is 1 unless it is 0.',
      'Say maxUnavailable: 0 beside maxSurge, or leave maxSurge out.')];
  }
  if (isKind(object, 'StatefulSet', 'apps')) {
    return isNone(maxUnavailable) ? [refused(`${place}.maxUnavailable`, maxUnavailable, 'No pod may be missing, so none can be replaced.', 'Use 1, or leave it out.')] : [];
  }
  // That of a DaemonSet is 0 unless it is said.
  const noSurge = isNone(maxSurge) || (isMissing(maxSurge) && isKind(object, 'DaemonSet', 'apps'));
  return noSurge && isNone(maxUnavailable)
    ? [refused(place, amounts, 'No pod may be added and none may be missing, so none can be replaced.', 'Use maxUnavailable: 1, for example.')] : [];
}

/** Argo's controller does nothing for a Rollout that it takes for invalid, and says so in its status alone. */
function checkRollout(strategy: any): Problem[] {
  const { canary, blueGreen, ...others } = strategy ?? {};
  if (isMissing(canary) && isMissing(blueGreen)) {
    const [other] = Object.keys(others);
    return [other === undefined ? refused('strategy', strategy, 'A Rollout has canary or blueGreen.', 'Use strategy: { canary: {} }, for example.')
      : refused(`strategy.${other}`, others[other], 'A Rollout has canary or blueGreen, and nothing else.', 'Use strategy: { canary: {} }, for example.')];
  }
  if (!isMissing(canary) && !isMissing(blueGreen)) {
    return [refused('strategy', ['canary', 'blueGreen'], 'A Rollout has one of them.', 'Leave one out.')];
  }
  return isMissing(canary) ? checkBlueGreen(blueGreen) : checkCanary(canary);
}

function checkBlueGreen({ activeService, previewService }: any): Problem[] {
  const place = 'strategy.blueGreen';
  if (isMissing(activeService) || activeService === '') {
    return [refused(`${place}.activeService`, activeService, 'A Service leads to the pods that are in use, and to the new ones once they are ready.', 'Name the Service.')];
  }
  return activeService !== previewService ? []
    : [refused(`${place}.previewService`, previewService, 'It is the Service of the pods that are in use.', 'Name another Service, or leave it out.')];
}

function checkCanary({ maxSurge, maxUnavailable, steps }: any): Problem[] {
  const place = 'strategy.canary';
  const wrong = [...checkAmount(`${place}.maxSurge`, maxSurge), ...checkAmount(`${place}.maxUnavailable`, maxUnavailable)];
  if (wrong.length > 0) {
    return wrong;
  }
  if (isNone(maxSurge) && isNone(maxUnavailable)) {
    return [refused(place, { maxSurge, maxUnavailable }, 'No pod may be added and none may be missing, so none can be replaced.', 'Use maxUnavailable: 1, for example.')];
  }
  const doubtful = listOf(steps).findIndex(step => Object.keys(step).length !== 1);
  return doubtful === -1 ? [] : [refused(`${place}.steps[${doubtful}]`, steps[doubtful], 'A step is one thing: setWeight, pause and the like.', 'Make each a step of its own.')];
}

function checkAmount(prop: string, amount: unknown): Problem[] {
  const fits = isMissing(amount) || isWhole(amount) || (typeof amount === 'string' && /^\d+%$/.test(amount));
  return fits ? [] : [refused(prop, amount, 'It is a whole number of pods, or a share of them in percent.',
    typeof amount === 'string' && /^\d+$/.test(amount) ? `Write ${amount} without quotes, or "${amount}%".` : 'Use for example 1, or "25%".')];
}

function refused(prop: string, value: unknown, problem: string, remedy: string): Problem {
  return { code: 'CDK8SNIX0527', prop, value, problem, remedy };
}

function isWhole(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

/** A number of pods, or a share of them. */
export function isNone(amount: unknown): boolean {
  return amount === 0 || amount === '0' || amount === '0%';
}
