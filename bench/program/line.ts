import { ChildProcess, spawn } from 'child_process';
import * as path from 'path';

/** How fast a line is. */
export interface LineSpeed {
  readonly megabits: number;
  /** What each answer waits for. */
  readonly milliseconds: number;
}

/** A server of a binary cache and of an image that is reached over a line of some speed, at a port of the loopback interface. */
export class Line {
  /**
   * @param folder what is served: see slow-server.ts
   * @param network the process whose network it is in; the machine's own if not given
   */
  public static async open(folder: string, port: number, speed: LineSpeed, network?: number): Promise<Line> {
    const server = path.join(__dirname, 'slow-server.ts');
    const node = [process.execPath, require.resolve('ts-node/dist/bin'), '--transpileOnly', '-P', path.join(__dirname, '../../test/tsconfig.json')];
    const enter = network === undefined ? [] : ['nsenter', `--net=/proc/${network}/ns/net`];
    const [command, ...args] = [...enter, ...node, server, port, speed.megabits, speed.milliseconds, folder].map(String);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((resolve, reject) => {
      child.stdout!.once('data', () => resolve());
      child.once('exit', code => reject(new Error(`the slow server ended with ${code}`)));
    });
    return new Line(child);
  }

  private constructor(private readonly server: ChildProcess) {}

  public close(): void {
    this.server.kill();
  }
}
