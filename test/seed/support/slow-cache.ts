import * as fs from 'fs';
import * as http from 'http';
import { AddressInfo } from 'net';
import * as path from 'path';
import { run, Running } from './container';
import { Image } from './image';
import { Volume } from './volume';

/** A binary cache that gives the first half of each archive, and the rest when it is told to. */
export class SlowCache {
  /** @param folder a folder that does not exist yet */
  public static async of(image: Image, folder: string, storePath: string): Promise<SlowCache> {
    fs.mkdirSync(folder);
    fs.chmodSync(folder, 0o777);
    const { code, stderr } = await run({
      rootfs: image.rootfs,
      mounts: { [image.nix]: '/nix', [folder]: '/cache' },
      environment: { HOME: '/tmp/home', USER: 'code', STORE_PATH: storePath },
      command: ['sh', '-c', 'nix --extra-experimental-features nix-command copy --to "file:///cache?compression=none" "$STORE_PATH"'],
    });
    if (code !== 0) {
      throw new Error(`filling the cache failed: ${stderr}`);
    }
    const cache = new SlowCache(folder, storePath);
    await new Promise<void>(resolve => cache.server.listen(0, '127.0.0.1', resolve));
    return cache;
  }

  private readonly server: http.Server;
  private readonly waiting: Array<() => void> = [];
  private open = false;

  private constructor(private readonly folder: string, private readonly storePath: string) {
    this.server = http.createServer((request, response) => this.answer(request, response));
  }

  /** The Nix of a workload on the volume begins to fetch the path. */
  public fetchInto(volume: Volume, image: Image): Running {
    const port = (this.server.address() as AddressInfo).port;
    return new Running({
      rootfs: image.rootfs,
      mounts: { [volume.nix]: '/nix' },
      environment: {
        HOME: '/tmp/home',
        USER: 'code',
        STORE_PATH: this.storePath,
        NIX_CONFIG: `sandbox = false\nbuild-users-group =\nrequire-sigs = false\ndownload-attempts = 1\nsubstituters = http://127.0.0.1:${port}`,
      },
      command: ['sh', '-c', 'nix-store --realise "$STORE_PATH"'],
    });
  }

  /** Gives the rest of all that has been asked for, and of all that will be. */
  public giveAll() {
    this.open = true;
    this.waiting.splice(0).forEach(give => give());
  }

  /** Breaks all connections. */
  public fail() {
    this.server.closeAllConnections();
  }

  public async close() {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  private answer(request: http.IncomingMessage, response: http.ServerResponse) {
    const file = path.join(this.folder, path.normalize(request.url!));
    if (!fs.existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    const content = fs.readFileSync(file);
    response.writeHead(200, { 'Content-Length': content.length });
    if (request.method === 'HEAD' || !file.endsWith('.nar') || this.open) {
      response.end(request.method === 'HEAD' ? undefined : content);
      return;
    }
    response.write(content.subarray(0, content.length / 2));
    this.waiting.push(() => response.end(content.subarray(content.length / 2)));
  }
}
