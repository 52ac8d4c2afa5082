import { IConstruct } from 'constructs';
import { describe, Problem } from '../base/problems';

/** A container, as it is given to any generation of cdk8s-plus. */
interface GivenContainer {
  readonly name?: string;
  readonly portNumber?: number;
  readonly ports?: ReadonlyArray<{ readonly name?: string; readonly number: number; readonly protocol?: string }>;
}

/**
 * For ports that cdk8s-plus refuses in words of its own as the container is made, and for 0, which it drops.
 *
 * @param at the construct that gets the container
 * @throws if there are any
 */
export function checkGivenPorts({ name = 'main', portNumber, ports = [] }: GivenContainer, at: IConstruct): void {
  if (portNumber === undefined && Array.isArray(ports) && ports.length === 0) {
    return;
  }
  const prop = `containers[${name}]`;
  const all = [...portNumber === undefined ? [] : [{ number: portNumber }], ...Array.isArray(ports) ? ports : []];
  const problems = portNumber === 0 ? [outOfRange(`${prop}.portNumber`, 0)] : [
    ...repeated(all.map(port => `${port?.number}/${(port as any)?.protocol ?? 'TCP'}`)).map(port => twice(`${prop}.ports`, Number.parseInt(port, 10), 'number')),
    ...repeatedNames(all).map(port => twice(`${prop}.ports`, port, 'name')),
  ];
  if (problems.length > 0) {
    throw new Error(problems.map(problem => `[${at.node.path}] ${describe(problem)}`).join('\n'));
  }
}

export function outOfRange(prop: string, value: unknown): Problem {
  return { code: 'CDK8SNIX0511', prop, value, problem: 'A port is a whole number from 1 to 65535.', remedy: 'Use for example 8080.' };
}

/** As for services of the internet (RFC 6335), which the API server goes by. */
const NAME = /^(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Names that an API server refuses. */
export function wrongNames(prop: string, ports: readonly unknown[]): Problem[] {
  return namesOf(ports).filter(name => !NAME.test(name)).map((name): Problem => ({
    code: 'CDK8SNIX0532',
    prop,
    value: name,
    problem: 'The name of a port has 15 characters at most: lower-case letters, one at least, digits, and "-" between them.',
    remedy: 'Use for example "http", and the same where it is referred to.',
  }));
}

/** The names that several ports have. */
export function repeatedNames(ports: readonly unknown[]): string[] {
  return repeated(namesOf(ports));
}

/** An empty name is none to an API server. */
function namesOf(ports: readonly unknown[]): string[] {
  return ports.map(port => (port as any)?.name).filter(name => typeof name === 'string' && name !== '');
}

/** @param what of the ports is the same */
export function twice(prop: string, value: unknown, what: 'number' | 'name'): Problem {
  return {
    code: 'CDK8SNIX0531',
    prop,
    value,
    problem: `Two ports of the container have this ${what}.`,
    remedy: what === 'name' ? 'Give each a name of its own.' : 'Name it once; portNumber is one of the ports.',
  };
}

function repeated(items: readonly string[]): string[] {
  return [...new Set(items.filter((item, i) => items.indexOf(item) !== i))];
}
