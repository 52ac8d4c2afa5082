import { describe, Problem, Problems } from './problems';

/** An enum, as code sees it. */
interface Enum {
  readonly [member: string]: string | number;
}

/** What is wrong with a value that an enum does not have. Only a compiler would say so, and JavaScript has none. */
function enumProblem(prop: string, value: unknown, members: Enum): Problem | undefined {
  const known = Object.values(members);
  return value === undefined || known.includes(value as string) ? undefined
    : { code: 'CDK8SNIX1302', prop, value, problem: 'There is no such value.', remedy: `Use one of ${known.map(member => JSON.stringify(member)).join(', ')}.` };
}

/** Whether the enum has it; if not, that is recorded. */
export function checkEnum(problems: Problems, prop: string, value: unknown, members: Enum): boolean {
  const found = enumProblem(prop, value, members);
  if (found) {
    problems.record(found);
  }
  return !found;
}

/** @throws if the enum does not have it, where there is no construct to record that at */
export function requireEnum(prop: string, value: unknown, members: Enum): void {
  const found = enumProblem(prop, value, members);
  if (found) {
    throw new Error(describe(found));
  }
}
