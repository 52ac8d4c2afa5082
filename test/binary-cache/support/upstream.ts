import { once } from 'events';
import * as fs from 'fs';
import * as http from 'http';
import * as https from 'https';
import { AddressInfo } from 'net';
import * as path from 'path';
import { setTimeout as sleep } from 'timers/promises';
import { TLSSocket } from 'tls';

export interface UpstreamOptions {
  /** Serve with this certificate. @default - plain HTTP */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** `user:password` that a request has to bring. @default - none */
  readonly credentials?: string;
}

/** A binary cache on the loopback network: a folder, a count of what was asked for, and ways to misbehave. */
export class Upstream {
  public static async start(folder: string, options: UpstreamOptions = {}): Promise<Upstream> {
    const upstream = new Upstream(folder, options);
    await upstream.comeBack();
    return upstream;
  }

  /** The requests so far, in order: their paths. */
  public readonly asked: string[] = [];
  /** The headers of the last request. */
  public lastHeaders: http.IncomingHttpHeaders = {};
  /** The host name that TLS of the last request was for. */
  public lastServerName?: string | false;
  /** How long an answer takes. */
  public delay = 0;
  /** Answer everything below `nar/` with a redirect to this folder, as caches with a bucket do. */
  public redirectNarsTo?: string;
  /** Answer everything with this status. */
  public brokenWith?: number;

  private server?: http.Server;
  private port = 0;

  private constructor(private readonly folder: string, private readonly options: UpstreamOptions) {}

  public url(host: string = 'upstream.example.test'): string {
    return `${this.options.tls ? 'https' : 'http'}://${host}:${this.port}`;
  }

  /** How often a path was asked for, by its end. */
  public count(end: string): number {
    return this.asked.filter(asked => asked.endsWith(end)).length;
  }

  /** Nobody listens any more. */
  public async goAway(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }

  /** Listens again, where it did before. */
  public async comeBack(): Promise<void> {
    const handle: http.RequestListener = (request, response) => void this.handle(request, response);
    this.server = this.options.tls ? https.createServer(this.options.tls, handle) : http.createServer(handle);
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  private async handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url!, 'http://localhost');
    this.asked.push(pathname);
    this.lastHeaders = request.headers;
    this.lastServerName = request.socket instanceof TLSSocket ? request.socket.servername ?? undefined : undefined;
    await sleep(this.delay);
    const file = path.join(this.folder, pathname);
    const authorization = `Basic ${Buffer.from(this.options.credentials ?? '').toString('base64')}`;
    if (this.options.credentials !== undefined && request.headers.authorization !== authorization) {
      response.writeHead(401).end();
    } else if (this.brokenWith !== undefined) {
      response.writeHead(this.brokenWith).end();
    } else if (this.redirectNarsTo && pathname.startsWith('/nar/')) {
      response.writeHead(302, { location: `${this.redirectNarsTo}${pathname}` }).end();
    } else if (!fs.existsSync(file) || fs.statSync(file).isDirectory()) {
      response.writeHead(404).end();
    } else {
      response.writeHead(200, { 'content-length': fs.statSync(file).size, 'set-cookie': 'session=1', 'cache-control': 'no-store' });
      fs.createReadStream(file).pipe(response);
    }
  }
}
