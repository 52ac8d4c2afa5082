import * as dgram from 'dgram';
import { once } from 'events';

/** An address of the loopback network that nobody else listens on. */
export const NAME_SERVER = '127.0.0.77';

/** A name server that says 127.0.0.1 to every question for an IPv4 address, and nothing to all others. */
export class NameServer {
  public static async start(): Promise<NameServer> {
    const server = new NameServer();
    server.socket.bind(53, NAME_SERVER);
    await once(server.socket, 'listening');
    return server;
  }

  /** Answer that the servers of the zone cannot be reached, as the cluster's does when the way out is cut. */
  public isCutOff = false;
  private readonly socket = dgram.createSocket('udp4');

  private constructor() {
    this.socket.on('message', (query, from) => this.socket.send(answer(query, this.isCutOff), from.port, from.address));
  }

  public stop(): void {
    this.socket.close();
  }
}

const HEADER_BYTES = 12;
const TYPE_A = 1;
/** An answer, recursion desired and available; and the result. */
const NO_ERROR = 0x8180;
const SERVER_FAILURE = 0x8182;

function answer(query: Buffer, isCutOff: boolean): Buffer {
  let end = HEADER_BYTES;
  while (query[end] !== 0) {
    end += query[end] + 1;
  }
  const question = query.subarray(HEADER_BYTES, end + 5);
  const isAnswered = !isCutOff && query.readUInt16BE(end + 1) === TYPE_A;
  const header = Buffer.from(query.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(isCutOff ? SERVER_FAILURE : NO_ERROR, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isAnswered ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  // The name of the question again, class IN, valid for a second, four bytes of address.
  const record = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat([header, question, ...(isAnswered ? [record] : [])]);
}
