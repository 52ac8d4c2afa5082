import { containersOf, PodManifest } from './pod-manifest';
import { Problem } from '../base/problems';

/** Of a 32-bit number, which counts and ids are. */
export const LARGEST_COUNT = 2 ** 31 - 1;

/** Fields of security contexts that are numbers, and those that are true or false. */
const IDS = ['runAsUser', 'runAsGroup', 'fsGroup'];
const SWITCHES = ['privileged', 'allowPrivilegeEscalation', 'runAsNonRoot', 'readOnlyRootFilesystem'];

/** Texts in security contexts where an API server reads numbers or booleans: a manifest that no class has made may have `'0'` or `'false'`. */
export function checkSecurityTypes(pod: PodManifest): Problem[] {
  return [
    ...problemsOf('securityContext', pod.spec.securityContext),
    ...containersOf(pod).flatMap(({ container }) => problemsOf(`containers[${container.name}].securityContext`, container.securityContext)),
  ];
}

function problemsOf(prop: string, context: any): Problem[] {
  const isGiven = (field: string): boolean => context?.[field] !== undefined && context[field] !== null;
  const isId = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_COUNT;
  return [
    ...IDS.filter(field => isGiven(field) && !isId(context[field])).map((field): Problem => ({
      code: 'CDK8SNIX0515',
      prop: `${prop}.${field}`,
      value: context[field],
      problem: `It is a whole number from 0 to ${LARGEST_COUNT}.`,
      remedy: 'Write it without quotes, 1001 for example.',
    })),
    ...SWITCHES.filter(field => isGiven(field) && typeof context[field] !== 'boolean').map((field): Problem => ({
      code: 'CDK8SNIX1303',
      prop: `${prop}.${field}`,
      value: context[field],
      problem: 'It is true or false, and no text or number.',
      remedy: 'Write true or false, without quotes.',
    })),
  ];
}
