import { Command, Failure, Streams, UsageError } from './command';
import { DOCKERFILE } from './dockerfile-command';
import { EJECT } from './eject-command';
import { EXPLAIN } from './explain-command';
import { IMAGES } from './images-command';

const COMMANDS: readonly Command[] = [IMAGES, EJECT, DOCKERFILE, EXPLAIN];

const PROGRAM = 'cdk8s-nix';

/**
 * The command line `cdk8s-nix`.
 *
 * @returns the exit code: 0 done, 1 could not be done, 2 the command line makes no sense
 */
export function main(argv: string[], streams: Streams): number {
  const [name, ...args] = argv;
  if (name === undefined) {
    streams.err(overview());
    return 2;
  }
  if (isHelp(name)) {
    streams.out(overview());
    return 0;
  }
  const command = COMMANDS.find(candidate => candidate.name === name);
  if (command === undefined) {
    streams.err(`${PROGRAM}: there is no command '${name}'. Run '${PROGRAM} --help' for the list.\n`);
    return 2;
  }
  if (args.some(isHelp)) {
    streams.out(`${command.help}  -h, --help            print this\n`);
    return 0;
  }
  try {
    command.run(args, streams);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      streams.err(`${PROGRAM} ${name}: ${error.message}. Run '${PROGRAM} ${name} --help'.\n`);
      return 2;
    }
    if (error instanceof Failure) {
      streams.err(`${PROGRAM} ${name}: ${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

function isHelp(argument: string): boolean {
  return argument === '--help' || argument === '-h';
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(command => command.name.length));
  return [
    `Usage: ${PROGRAM} <command> [options]`,
    '',
    'The images of the library, for use without it, and manifests explained.',
    '',
    ...COMMANDS.map(command => `  ${command.name.padEnd(width)}  ${command.summary}`),
    '',
    `Run '${PROGRAM} <command> --help' for the options of a command.`,
    '',
  ].join('\n');
}
