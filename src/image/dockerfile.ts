/** An `ARG` with a default; one without a default only brings an earlier one into a stage. */
const ARGUMENT = /^ARG +(?<name>[A-Za-z_][A-Za-z0-9_]*)=(?<value>\S*) *$/gm;

/** The build arguments that have a default, and that default. */
export function argumentsOf(dockerfile: string): Map<string, string> {
  return new Map([...dockerfile.matchAll(ARGUMENT)].map(match => [match.groups!.name, match.groups!.value]));
}

/**
 * The Dockerfile with other defaults.
 *
 * @throws if it has no such argument, or the value would need quoting
 */
export function withArguments(dockerfile: string, values: { readonly [name: string]: string }): string {
  const known = [...argumentsOf(dockerfile).keys()];
  for (const [name, value] of Object.entries(values)) {
    if (!known.includes(name)) {
      throw new Error(`CDK8SNIX0104 buildArguments: got ${JSON.stringify(name)}. The Dockerfile has no such argument. Use one of: ${known.join(', ')}.`);
    }
    if (!/^[A-Za-z0-9._:/@+=,-]+$/.test(value)) {
      throw new Error(`CDK8SNIX0105 buildArguments.${name}: got ${JSON.stringify(value)}. A value has letters, digits and "._:/@+=,-" only: `
        + 'anything else means something to Dockerfiles. Give it to `docker build --build-arg` instead.');
    }
  }
  return dockerfile.replace(ARGUMENT, (line, name: string) => Object.hasOwn(values, name) ? `ARG ${name}=${values[name]}` : line);
}

/** The first comment: what the image is. */
export function describeDockerfile(dockerfile: string): string {
  return /^# ?(.*)$/m.exec(dockerfile)![1];
}

/** What the Dockerfile takes from the build context: the sources of COPY, but from other stages, and of bind mounts. */
export function contextPaths(dockerfile: string): string[] {
  const instructions = dockerfile.replace(/^#.*\n/gm, '').replace(/\\\n/g, ' ').split('\n');
  const paths = instructions.flatMap(instruction => [
    ...(/^COPY (?!.*--from=)/.test(instruction) ? instruction.split(/\s+/).slice(1, -1).filter(word => !word.startsWith('--')) : []),
    ...[...instruction.matchAll(/--mount=type=bind,source=([^,\s]+)/g)].map(match => match[1]),
  ]);
  return [...new Set(paths)];
}
