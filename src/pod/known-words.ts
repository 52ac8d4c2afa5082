import { listOf } from './pod-manifest';
import { closestName } from '../base/closest-name';
import { Problem } from '../base/problems';

/** A field that has one of some words, or a list of them. */
export interface KnownWords {
  readonly words: readonly string[];
  /** How else people call them, in small letters. */
  readonly short: { readonly [short: string]: string };
  readonly isList: boolean;
  /** Whether an empty text is as good as none, as charts write it whose value is not set. */
  readonly mayBeEmpty: boolean;
}

export function oneOf(...words: string[]): KnownWords {
  return { words, short: {}, isList: false, mayBeEmpty: false };
}

/** How many letters of a word may be wrong for it to be recognized. */
const MISTYPED = 2;

/** How a claim may be mounted. */
export const ACCESS_MODES: KnownWords = {
  words: ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'],
  // As kubectl prints them.
  short: { rwo: 'ReadWriteOnce', rox: 'ReadOnlyMany', rwx: 'ReadWriteMany', rwop: 'ReadWriteOncePod' },
  isList: true,
  mayBeEmpty: false,
};

export const VOLUME_MODES = oneOf('Filesystem', 'Block');

export function isKnownWord(value: unknown, { words, isList, mayBeEmpty }: KnownWords): boolean {
  const isKnown = (word: unknown): boolean => words.includes(word as string) || (typeof word === 'string' && TO_BE_REPLACED.test(word));
  if (!isList) {
    return isKnown(value) || (mayBeEmpty && value === '');
  }
  return Array.isArray(value) && value.every(isKnown);
}

/** What a pipeline replaces after synth, as Flux does with `${name}` and `${name:=default}`. */
const TO_BE_REPLACED = /^\$\{[A-Za-z_][A-Za-z0-9_]*(?:\W[^{}]*)?\}$/;

/** What is wrong with a value that is none of them. */
export function wordWanted(value: unknown, known: KnownWords): Pick<Problem, 'problem' | 'remedy'> {
  const { words, isList } = known;
  const choice = `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`;
  const given = Array.isArray(value) ? listOf(value) : [value];
  const meant = given.map(each => meantBy(each, known));
  if (meant.length === 0 || meant.includes(undefined)) {
    return isList ? { problem: `It is a list of ${choice}.`, remedy: `Write ${JSON.stringify(words.slice(0, 1))}, for example.` }
      : { problem: `It is ${choice}.`, remedy: `Write one of them, ${words[0]} for example.` };
  }
  return isList ? { problem: `It is a list of ${choice}.`, remedy: `Write ${JSON.stringify([...new Set(meant)])}.` }
    : { problem: `It is ${choice}.`, remedy: `Write ${meant[0]}.` };
}

function meantBy(value: unknown, { words, short }: KnownWords): string | undefined {
  if (typeof value !== 'string') {
    return undefined;
  }
  const letters = value.toLowerCase().replace(/[^a-z]/g, '');
  const byLetters = new Map(words.map(word => [word.toLowerCase(), word]));
  return short[letters] ?? byLetters.get(closestName(letters, byLetters.keys(), Math.min(MISTYPED, Math.floor(letters.length / 3))) ?? '');
}
