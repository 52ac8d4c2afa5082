import { parseArgs, ParseArgsConfig } from 'util';

/** Where a command writes, so that tests need no process. */
export interface Streams {
  /** What was asked for. */
  readonly out: (text: string) => void;
  /** Everything else. */
  readonly err: (text: string) => void;
}

/** A subcommand of `cdk8s-nix`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints, but for the option `--help` itself. */
  readonly help: string;
  /** Runs with what follows the command's name. Throws `UsageError` or `Failure`. */
  readonly run: (args: string[], streams: Streams) => void;
}

/** The command line makes no sense: exit code 2, and where to read how it would. */
export class UsageError extends Error {}

/** The command line makes sense, but cannot be done: exit code 1. */
export class Failure extends Error {}

/** `util.parseArgs`, whose complaints are usage errors. */
export function parse<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith('ERR_PARSE_ARGS_')) {
      // What follows the first sentence is advice for positionals that begin with a dash, which we have none of.
      throw new UsageError(message.split('. ')[0]);
    }
    throw error;
  }
}

/** Exactly these positionals, by name. */
export function positionals(given: string[], ...names: string[]): string[] {
  if (given.length < names.length) {
    throw new UsageError(`Missing <${names[given.length]}>`);
  }
  if (given.length > names.length) {
    throw new UsageError(`Unexpected argument '${given[names.length]}'`);
  }
  return given;
}
