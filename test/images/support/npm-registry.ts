import { ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { CACHE } from '../../support/podman';

/** The npm registry that this machine uses, by way of a server that keeps what was downloaded in `.cache`. */
export class NpmRegistry {
  public readonly address: string;

  private readonly folder = mkdtempSync(path.join(tmpdir(), 'cdk8s-nix-registry-'));

  private readonly server: ChildProcess;

  /**
   * @param versions what is kept for; what was for others goes
   * @throws if it does not start
   */
  public constructor(versions: string) {
    const kept = path.join(CACHE, 'npm-registry');
    mkdirSync(path.join(kept, versions), { recursive: true });
    readdirSync(kept).filter(name => name !== versions).forEach(name => rmSync(path.join(kept, name), { recursive: true, force: true }));
    const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
    const ready = path.join(this.folder, 'port');
    const log = openSync(path.join(this.folder, 'log'), 'w');
    this.server = spawn(process.execPath, [path.join(__dirname, 'caching-registry.js'), path.join(kept, versions), upstream, ready], { stdio: ['pipe', log, log] });
    closeSync(log);
    for (let tries = 0; !existsSync(ready); tries++) {
      if (tries === 600) {
        throw new Error(`the registry of the tests does not start:\n${this.problems()}`);
      }
      spawnSync('sleep', ['0.1']);
    }
    this.address = `http://127.0.0.1:${readFileSync(ready, 'utf8')}/`;
  }

  /** What it could not answer. */
  public problems(): string {
    return readFileSync(path.join(this.folder, 'log'), 'utf8');
  }

  public stop(): void {
    this.server.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
