import { IConstruct } from 'constructs';
import { ErrorCode } from './error-code';
import { className } from './shown-value';

/** What is wrong with one prop: the code, the value got, why it cannot be, and what to do instead. */
export interface Problem {
  readonly code: ErrorCode;
  readonly prop: string;
  readonly value: unknown;
  readonly problem: string;
  readonly remedy: string;
}

/**
 * Collects what is wrong with the props of a construct and reports all of it at synth, rather than
 * one mistake at a time. cdk8s puts the construct path in front of each line.
 */
export class Problems {
  private readonly found: Problem[] = [];

  constructor(scope: IConstruct) {
    scope.node.addValidation({ validate: () => this.found.map(describe) });
  }

  public add(code: ErrorCode, prop: string, value: unknown, problem: string, remedy: string): void {
    this.record({ code, prop, value, problem, remedy });
  }

  public record(problem: Problem): void {
    this.found.push(problem);
  }
}

/** The one form of our messages. */
export function describe(p: Problem): string {
  return `${p.code} ${p.prop}: got ${show(p.value)}. ${p.problem} ${p.remedy}`;
}

/** Whether two problems are one, in an item of a list that may have moved. */
export function isSameProblem(one: Problem, other: Problem): boolean {
  const unnumbered = ({ prop }: Problem): string => prop.replace(/\[\d+\]/g, '[]');
  return one.code === other.code
    && (one.prop === other.prop || (unnumbered(one) === unnumbered(other) && JSON.stringify(one.value) === JSON.stringify(other.value)));
}

const LONGEST_VALUE = 120;

function show(value: unknown): string {
  if (value === undefined) {
    return 'nothing';
  }
  // JSON keeps newlines and quotes visible, and cannot be mistaken for the message's own text.
  const text = typeof value === 'number' ? String(value) : json(value) ?? String(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}… (${text.length} characters)` : text;
}

/** What holds itself, such as a construct, is no JSON. */
function json(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return `"${className(value as object)}"`;
  }
}
