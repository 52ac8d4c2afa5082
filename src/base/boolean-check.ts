import { describe, Problem, Problems } from './problems';

/** What is wrong with a value that is neither true nor false. Only a compiler would say so: to JavaScript "no" is as good as true. */
function booleanProblem(prop: string, value: unknown): Problem | undefined {
  return value === undefined || typeof value === 'boolean' ? undefined
    : { code: 'CDK8SNIX1303', prop, value, problem: 'It is true or false, and no text or number.', remedy: 'Write true or false, without quotes.' };
}

function problemsOf<T extends object>(place: string, options: T | undefined, props: ReadonlyArray<keyof T & string>): Problem[] {
  return props.map(prop => booleanProblem(place + prop, options?.[prop])).filter((found): found is Problem => found !== undefined);
}

/**
 * Records what is neither true nor false.
 *
 * @param place what stands in front of the props in the message, with its dot
 */
export function checkBooleans<T extends object>(problems: Problems, place: string, options: T | undefined, ...props: Array<keyof T & string>): void {
  problemsOf(place, options, props).forEach(found => problems.record(found));
}

/** @throws if one is neither true nor false, where there is no construct to record that at */
export function requireBooleans<T extends object>(options: T | undefined, ...props: Array<keyof T & string>): void {
  problemsOf('', options, props).slice(0, 1).forEach(found => { throw new Error(describe(found)); });
}
