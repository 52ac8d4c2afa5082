/** A container that ended with an error, with all there is to say about it. */
export class ContainerFailed extends Error {
  constructor(
    public readonly container: string,
    public readonly code: number,
    public readonly logs: string,
    public readonly terminationMessage: string,
  ) {
    super(`container ${container} ended with ${code}:\n${logs}`);
  }
}
