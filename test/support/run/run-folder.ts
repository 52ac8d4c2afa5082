import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

const PREFIX = 'cdk8s-nix-test-';
const RUN = 'CDK8S_NIX_TEST_RUN';

/** Makes a folder for the temporary files of this process and of those it starts. What killed runs left goes. */
export function beginRunFolder(): void {
  removeRunFolders(pid => !isAlive(pid));
  const folder = path.join(os.tmpdir(), `${PREFIX}${process.pid}`);
  fs.mkdirSync(folder);
  // Users of containers look into folders below it.
  fs.chmodSync(folder, 0o755);
  process.env.TMPDIR = folder;
  process.env[RUN] = String(process.pid);
}

/** The process of the run that this one is a worker of, or that it is itself. */
export function runOfThisProcess(): number {
  return Number(process.env[RUN] ?? process.pid);
}

/** Whether this process has begun a run that has not ended. */
export function isRunning(): boolean {
  return process.env[RUN] === String(process.pid);
}

/** Removes the folder of this process with all that tests left in it. Once; a second time, nothing. */
export function endRunFolder(): void {
  if (isRunning()) {
    delete process.env[RUN];
    process.env.TMPDIR = path.dirname(os.tmpdir());
    removeRunFolders(pid => pid === process.pid);
  }
}

/** The places below a folder where something is mounted, the outermost first. */
export function mountsIn(folder: string): string[] {
  return fs.readFileSync('/proc/self/mountinfo', 'utf-8').split('\n').map(line => line.split(' ')[4]).filter(place => place?.startsWith(`${folder}/`));
}

export function isAlive(pid: number): boolean {
  return fs.existsSync(`/proc/${pid}`);
}

function removeRunFolders(chosen: (pid: number) => boolean): void {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const [, pid] = new RegExp(`^${PREFIX}(\\d+)$`).exec(name) ?? [];
    if (pid && chosen(Number(pid))) {
      removeFolder(path.join(os.tmpdir(), name));
    }
  }
}

/** What is mounted in it goes by itself when its last user is gone. */
function removeFolder(folder: string): void {
  mountsIn(folder).reverse().forEach(place => execFileSync('umount', ['--lazy', place]));
  fs.rmSync(folder, { recursive: true, force: true });
}
