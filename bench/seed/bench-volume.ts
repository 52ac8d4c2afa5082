import { ChildProcess, spawn } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';
import { host, REPOSITORY, sleep, USER_ID } from '../../test/seed/support/container';
import { Volume } from '../../test/seed/support/volume';

/** What a request to the volume with latency takes at least; what a fast NFS server in the same zone needs. */
const LATENCY_MICROSECONDS = 1000;

/** A volume to measure on: an ext4 of its own on the local disk, or the same behind a file system that makes each request wait. */
export class BenchVolume {
  public static async local(mebibytes: number): Promise<BenchVolume> {
    // The competitors set attributes of the root folder, which only its owner may.
    const volume = await Volume.create({ mebibytes, owner: { uid: USER_ID, gid: USER_ID, mode: 0o755 } });
    // A disk has no second cache below that of its file system.
    const device = (await host('findmnt', '--noheadings', '--output', 'SOURCE', volume.root)).trim();
    await host('losetup', '--direct-io=on', device);
    return new BenchVolume(volume, volume.root);
  }

  public static async withLatency(mebibytes: number): Promise<BenchVolume> {
    const { volume } = await BenchVolume.local(mebibytes);
    const mountPoint = fs.mkdtempSync(path.join(os.tmpdir(), 'seed-latency-'));
    const server = spawn(
      await latencyProgram(),
      [volume.root, String(LATENCY_MICROSECONDS), mountPoint, '-f', '-o', 'allow_other,default_permissions,max_threads=64,max_idle_threads=64'],
      { stdio: 'inherit' },
    );
    while (fs.statSync(mountPoint).dev === fs.statSync(path.dirname(mountPoint)).dev) {
      if (server.exitCode !== null) {
        throw new Error(`the file system with latency ended with ${server.exitCode}`);
      }
      await sleep(50);
    }
    return new BenchVolume(volume, mountPoint, server);
  }

  private constructor(private readonly volume: Volume, public readonly root: string, private readonly server?: ChildProcess) {}

  public async dispose() {
    if (this.server) {
      const ended = new Promise(resolve => this.server!.on('exit', resolve));
      await host('umount', this.root);
      await ended;
      fs.rmdirSync(this.root);
    }
    await this.volume.dispose();
  }
}

async function latencyProgram(): Promise<string> {
  const program = path.join(REPOSITORY, 'bench/work/seed/latency');
  const source = path.join(__dirname, 'latency.c');
  if (!fs.existsSync(program) || fs.statSync(program).mtimeMs < fs.statSync(source).mtimeMs) {
    await host('sh', '-c', `cc -O2 -o "${program}" "${source}" $(pkg-config --cflags --libs fuse3)`);
  }
  return program;
}
