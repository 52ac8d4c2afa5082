import { spawnSync } from 'child_process';

/** Somebody wants the run to end. */
export class Interrupted extends Error {}

/** kubectl with one context, and perhaps one namespace; never with what the kubeconfig has as its current one. */
export class Kubectl {
  constructor(private readonly context: string, private readonly namespace?: string) {}

  public inNamespace(namespace: string): Kubectl {
    return new Kubectl(this.context, namespace);
  }

  /** Its output, without the last line break. Throws where it fails. */
  public run(args: readonly string[], input?: string): string {
    const { status, stdout, stderr } = this.try(args, input);
    if (status !== 0) {
      throw new Error(`kubectl ${args.join(' ')} ended with ${status}: ${stderr.trim()}`);
    }
    return stdout.replace(/\n$/, '');
  }

  public try(args: readonly string[], input?: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
    const place = ['--context', this.context, ...(this.namespace ? ['--namespace', this.namespace] : [])];
    const result = spawnSync('kubectl', [...place, ...args], { encoding: 'utf-8', input, env: process.env, maxBuffer: 64 * 1024 * 1024 });
    if (result.error) {
      throw result.error;
    }
    if (result.signal === 'SIGINT' || result.signal === 'SIGTERM') {
      throw new Interrupted(`kubectl ${args.join(' ')} was interrupted.`);
    }
    return result;
  }

  public json(args: readonly string[]): any {
    return JSON.parse(this.run([...args, '--output', 'json']));
  }
}
