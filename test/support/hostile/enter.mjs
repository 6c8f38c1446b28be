/** The way in, step by step as an enrolled client takes it, so that an attack may begin at any of them. */
import { createHash } from 'node:crypto';
import { decodeFrame, encodeFrame } from 'fedtempo/shared/protocol/codec.js';
import { serverMessage } from 'fedtempo/shared/protocol/messages.js';
import { frameParts, sealFrame } from 'fedtempo/shared/protocol/sealed.js';
import { connectStatement, updateStatement } from 'fedtempo/shared/protocol/statements.js';
import { RawSocket } from './raw-socket.mjs';

/** For anything that an unharmed coordinator does at once; long, since machines may be slow. */
export const PATIENCE_MS = 30_000;

export const upgradeHead = (headers = {}) => {
  const fields = {
    ...{ host: 'localhost', connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    ...{ 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', ...headers },
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET /join HTTP/1.1\r\n${lines.join('')}\r\n`;
};

/** A connection and the challenge that it was given. */
export async function challenged(port) {
  const raw = await RawSocket.connect(port);
  const page = await raw.write('GET /challenge HTTP/1.1\r\nhost: localhost\r\n\r\n').answer(PATIENCE_MS);
  if (page?.status !== 200) throw new Error(`the challenge was answered ${page?.status}`);
  const { run, epoch, nonce } = JSON.parse(page.body);
  return { raw, moment: { run, epoch, nonce } };
}

export function proof({ key, sign }, moment) {
  const signature = Buffer.from(sign(connectStatement({ ...moment, key }))).toString('base64url');
  return { 'fedtempo-key': key, 'fedtempo-nonce': moment.nonce, 'fedtempo-signature': signature };
}

/** A WebSocket of an enrolled key, before its hello. */
export async function admitted(port, identity) {
  const { raw, moment } = await challenged(port);
  const headers = proof(identity, moment);
  const answer = await raw.write(upgradeHead(headers)).answer(PATIENCE_MS);
  if (answer?.status !== 101) throw new Error(`an enrolled key was answered ${answer?.status} ${answer?.body}`);
  return { raw, moment, headers };
}

export function send(raw, message, ...parts) {
  raw.frame(encodeFrame(message, ...parts));
}

/** The next message of a type, whatever comes before it; undefined if the connection ends first. */
export async function hears(raw, ...types) {
  for (;;) {
    const data = await raw.message(PATIENCE_MS);
    if (data === undefined) return undefined;
    const { message, tensor } = decodeFrame(data, serverMessage);
    if (types.includes(message.type)) return { ...message, tensor };
  }
}

/** A client that was assigned, and has not said what it has. */
export async function assigned(port, identity) {
  const inside = await admitted(port, identity);
  send(inside.raw, { type: 'hello', protocol: 2, software: 'hostile 1.0' });
  const assign = await hears(inside.raw, 'assign');
  if (assign === undefined) throw new Error(`a hello was answered ${inside.raw.closeCode}`);
  return { ...inside, client: assign.hosting.index, assign };
}

/** A client that takes part. */
export async function seated(port, identity) {
  const inside = await assigned(port, identity);
  const { features, classes } = inside.assign;
  send(inside.raw, { type: 'ready', clients: 1, examples: EXAMPLES, features, classes });
  return inside;
}

/** n_k that a hostile client claims; the same each time, since a client keeps its data for a run. */
export const EXAMPLES = 10;

/** A client that was told to train: it knows the round's nonce. */
export async function selected(port, identity) {
  const inside = await seated(port, identity);
  const train = await hears(inside.raw, 'train');
  if (train === undefined) throw new Error(`no round was announced (${inside.raw.closeCode})`);
  const { run, round, nonce } = train;
  return { ...inside, key: { run, round, nonce } };
}

/** A client whose offer was granted; `answer` where the round was closed meanwhile. */
export async function granted(port, identity) {
  const inside = await selected(port, identity);
  send(inside.raw, { type: 'offer', ...inside.key, client: inside.client, digest: '0f'.repeat(32) });
  const heard = await hears(inside.raw, 'grant', 'answer');
  return heard?.type === 'grant' ? inside : { ...inside, answer: heard };
}

export function updateMessage({ client, key }) {
  return {
    ...{ type: 'update', ...key, client, examples: EXAMPLES, trainMs: 1 },
    metrics: { loss: 0.1, accuracy: 1, examplesUsed: EXAMPLES },
    used: { learningRateFirst: 0.1, learningRateLast: 0.1, batchSize: 10, steps: 1, truncatedBatches: 0 },
  };
}

/** An update with its signature, as of the connection that `moment` names. */
export function sealedUpdate({ sign }, moment, message, values) {
  const frame = encodeFrame(message, values);
  const { header, tensor } = frameParts(frame);
  return sealFrame(frame, sign(updateStatement(moment, header, createHash('sha256').update(tensor).digest())));
}
