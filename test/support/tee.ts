/** A TCP relay that keeps what clients send, and takes the WebSocket messages in it apart. */

import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Tee {
  readonly port: number;
  /** What each connection's client has sent so far. */
  sent(): Buffer[];
}

/** Relays to a port of this machine until the test is over. */
export async function tee(upstream: number): Promise<Tee> {
  const kept: Buffer[][] = [];
  const server = createServer((client) => {
    const chunks: Buffer[] = [];
    kept.push(chunks);
    const onward = connect(upstream, '127.0.0.1');
    client.on('data', (chunk: Buffer) => chunks.push(chunk));
    client.pipe(onward).pipe(client);
    client.on('error', () => onward.destroy());
    onward.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, sent: () => kept.map((chunks) => Buffer.concat(chunks)) };
}

/** Binary messages of a client's side of a connection, unmasked (RFC 6455, section 5.2); none before the upgrade. */
export function messagesIn(stream: Buffer): Buffer[] {
  const upgrade = stream.indexOf('upgrade: websocket', 0, 'latin1') + 1 || stream.indexOf('Upgrade: websocket') + 1;
  if (upgrade === 0) return [];
  const messages: Buffer[] = [];
  for (let at = stream.indexOf('\r\n\r\n', upgrade) + 4; at + 2 <= stream.length; ) {
    const [opcode, short] = [stream[at] & 0x0f, stream[at + 1] & 0x7f];
    at += 2;
    let length = short;
    if (short === 126) length = stream.readUInt16BE(at);
    if (short === 127) length = Number(stream.readBigUInt64BE(at));
    at += short === 126 ? 2 : short === 127 ? 8 : 0;
    const mask = stream.subarray(at, at + 4);
    at += 4;
    const payload = Buffer.from(stream.subarray(at, at + length));
    payload.forEach((byte, index) => {
      payload[index] = byte ^ mask[index % 4];
    });
    at += length;
    if (opcode === 2) messages.push(payload);
  }
  return messages;
}
