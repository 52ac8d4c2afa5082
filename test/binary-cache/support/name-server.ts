import * as dgram from 'dgram';
import { once } from 'events';

/** An address of the loopback network that nobody else listens on. */
export const NAME_SERVER = '127.0.0.77';

/** A name server that says 127.0.0.1 to every question for an IPv4 address, and nothing to all others. */
export async function startNameServer(): Promise<dgram.Socket> {
  const socket = dgram.createSocket('udp4');
  socket.on('message', (query, from) => socket.send(answer(query), from.port, from.address));
  socket.bind(53, NAME_SERVER);
  await once(socket, 'listening');
  return socket;
}

const HEADER_BYTES = 12;
const TYPE_A = 1;

function answer(query: Buffer): Buffer {
  let end = HEADER_BYTES;
  while (query[end] !== 0) {
    end += query[end] + 1;
  }
  const question = query.subarray(HEADER_BYTES, end + 5);
  const isIpv4 = query.readUInt16BE(end + 1) === TYPE_A;
  const header = Buffer.from(query.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(0x8180, 2); // an answer, recursion desired and available, no error
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isIpv4 ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  // The name of the question again, class IN, valid for a second, four bytes of address.
  const record = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
  return Buffer.concat([header, question, ...(isIpv4 ? [record] : [])]);
}
