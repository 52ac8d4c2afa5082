/*
 * usage: slow-server.ts PORT MEGABITS MILLISECONDS FOLDER
 * Serves a binary cache, FOLDER/cache, and an image, FOLDER/image as an OCI layout, as over a line of this speed: each answer waits for the
 * milliseconds, and all of them share the megabits a second.
 */
import * as fs from 'fs';
import * as http from 'http';
import * as path from 'path';
import { setTimeout } from 'timers/promises';

const [port, megabits, milliseconds] = process.argv.slice(2, 5).map(Number);
const folder = process.argv[5];
const CHUNK = 64 * 1024;

let free = 0;

/** Until the line has carried so many bytes more. */
async function carry(bytes: number): Promise<void> {
  free = Math.max(free, Date.now()) + bytes * 8 / megabits / 1000;
  await setTimeout(free - Date.now());
}

/** What is served at a place. */
interface Served {
  readonly file: string;
  readonly type: string;
}

async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  await setTimeout(milliseconds);
  const served = request.url === '/v2/' ? undefined : inRegistry(request.url!) ?? inCache(request.url!);
  if (!served || !fs.existsSync(served.file)) {
    response.writeHead(served ? 404 : 200).end();
    return;
  }
  response.writeHead(200, { 'content-length': fs.statSync(served.file).size, 'content-type': served.type });
  if (request.method !== 'HEAD') {
    for await (const chunk of fs.createReadStream(served.file, { highWaterMark: CHUNK })) {
      await carry(chunk.length);
      response.write(chunk);
    }
  }
  response.end();
}

/** Of the registry's API as much as a pull needs: there is one image, whatever it is called. */
function inRegistry(url: string): Served | undefined {
  const [, kind, reference] = /^\/v2\/[^/]+\/(manifests|blobs)\/(.+)$/.exec(url) ?? [];
  if (kind === undefined) {
    return undefined;
  }
  const layout = path.join(folder, 'image');
  const digest = reference.startsWith('sha256:') ? reference : JSON.parse(fs.readFileSync(path.join(layout, 'index.json'), 'utf-8')).manifests[0].digest;
  const type = kind === 'manifests' ? 'application/vnd.oci.image.manifest.v1+json' : 'application/octet-stream';
  return { file: path.join(layout, 'blobs', digest.replace(':', '/')), type };
}

function inCache(url: string): Served {
  return { file: path.join(folder, 'cache', path.normalize(url)), type: 'application/octet-stream' };
}

http.createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  .listen(port, '127.0.0.1', () => console.log('listening'));
