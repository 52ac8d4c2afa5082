import { isKind } from './object-kind';
import { Problem } from '../base/problems';

const KINDS: readonly string[] = ['Recreate', 'RollingUpdate'];

/** How a Deployment replaces its pods, by itself: an API server refuses what contradicts itself. */
export function checkStrategy(object: any): Problem[] {
  const { strategy } = object.spec ?? {};
  if (!strategy || !isKind(object, 'Deployment', 'apps')) {
    return [];
  }
  const { type, rollingUpdate } = strategy;
  const refuse = (prop: string, value: unknown, problem: string, remedy: string): Problem[] => [{ code: 'CDK8SNIX0527', prop: `strategy.${prop}`, value, problem, remedy }];
  if (type !== undefined && type !== null && !KINDS.includes(type)) {
    const meant = KINDS.find(kind => kind.toLowerCase() === String(type).toLowerCase());
    return refuse('type', type, 'A Deployment has Recreate or RollingUpdate.', `Write ${meant ?? 'Recreate'}.`);
  }
  if (type === 'Recreate' && rollingUpdate) {
    return refuse('rollingUpdate', rollingUpdate, 'With Recreate there is nothing that rolls.', 'Leave it out.');
  }
  return rollingUpdate && isNone(rollingUpdate.maxSurge) && isNone(rollingUpdate.maxUnavailable)
    ? refuse('rollingUpdate', rollingUpdate, 'No pod may be added and none may be missing, so none can be replaced.', 'Use maxUnavailable: 1, for example.') : [];
}

/** A number of pods, or a share of them. */
export function isNone(amount: unknown): boolean {
  return amount === 0 || amount === '0' || amount === '0%';
}
