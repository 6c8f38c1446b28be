/**
 * A coordinator with two slots: an honest client process hosts the even clients, a peer of the test plays the odd ones.
 * Whatever the peer does, it is refused or named, and the honest half of the round arrives.
 */
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import type { PoolReply } from 'fedtempo/server/pool/pool.js';
import { WebSocketPool } from 'fedtempo/server/pool/websocket.js';
import { encodeFrame } from 'fedtempo/shared/protocol/codec.js';
import { maxFrameBytes } from 'fedtempo/shared/protocol/limits.js';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { digits } from '../support/digits.js';
import { Peer } from '../support/peer.js';
import { clientFile } from '../support/processes.js';

const token = 'a token of the test';
const never = new AbortController().signal;

async function open({ replyMs = 30_000, honest = true } = {}) {
  const setting = await digits();
  const { scenario, digest, parameters, planOf, weights, shardSize } = setting;
  const refused: string[] = [];
  const pool = await WebSocketPool.open({
    run: 'wire',
    scenario,
    folder: '.',
    datasetDigest: digest,
    parameters,
    features: 64,
    classes: 10,
    slots: 2,
    port: 0,
    token,
    replyMs,
    profile: false,
    onReady: () => {},
    onRefused: (reason) => refused.push(reason),
  });
  onTestFinished(() => pool.close());
  if (honest) {
    const env = { ...process.env, FEDTEMPO_URL: pool.url, FEDTEMPO_TOKEN: token, FEDTEMPO_SLOT: '0' };
    const child = spawn(process.execPath, [clientFile], { env, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
  }
  const work = { groups: [{ plan: planOf(0), clients: [0, 1, 2, 3], weights }], shardSize, measure: false };
  /** Starts a round; its replies by client, once all are there. */
  const dispatch = async (): Promise<PoolReply['reply'][]> => {
    const replies: PoolReply['reply'][] = [];
    for await (const { reply } of pool.dispatch(work, never)) replies.push(reply);
    return replies.sort((a, b) => a.client - b.client);
  };
  return { ...setting, pool, refused, dispatch };
}

/** An update as the peer would send it for a round that it has heard of. */
function updateOf(key: { run: string; round: number; nonce: string }, client: number, examples: number) {
  return {
    type: 'update',
    run: key.run,
    round: key.round,
    nonce: key.nonce,
    client,
    examples,
    metrics: { loss: 1, accuracy: 0.5, examplesUsed: 5 },
    used: { learningRateFirst: 0.2, learningRateLast: 0.2, batchSize: 7, steps: 3, truncatedBatches: 1 },
    trainMs: 1,
  };
}

const codes = (replies: PoolReply['reply'][]) =>
  replies.map((reply) => (reply.kind === 'update' ? 'update' : reply.code));

test('NaN weights and a wrong length are answered REJECTED and named; the round goes on', async () => {
  const { pool, data, dispatch, parameters } = await open();
  const peer = await Peer.connect(pool.url, token);
  await peer.joins(1);
  expect(await pool.waitReady(30_000, never)).toEqual([]);
  const replies = dispatch();
  const key = await peer.hears('round');
  const { clients } = await peer.hears('train');
  expect(clients).toEqual([1, 3]);

  const poisoned = new Float32Array(parameters);
  poisoned[17] = Number.NaN;
  peer.say(updateOf(key, 1, data.partition.sizeOf(1)), poisoned);
  expect(await peer.hears('answer')).toMatchObject({
    client: 1,
    answer: 'REJECTED',
    reason: 'client 1: parameter 17 is NaN',
  });
  peer.say(updateOf(key, 3, data.partition.sizeOf(3)), new Float32Array(parameters - 1));
  expect(await peer.hears('answer')).toMatchObject({
    client: 3,
    answer: 'REJECTED',
    reason: expect.stringMatching(/client 3 sent 684 parameters/),
  });
  expect(codes(await replies)).toEqual(['update', 'non-finite', 'update', 'wrong-length']);
});

test('a second update is a DUPLICATE, one for a closed round is LATE, one for another host is REJECTED', async () => {
  const { pool, data, dispatch, parameters } = await open();
  const peer = await Peer.connect(pool.url, token);
  await peer.joins(1);
  await pool.waitReady(30_000, never);
  const replies = dispatch();
  const key = await peer.hears('round');
  const send = (client: number, nonce = key.nonce) =>
    peer.say(updateOf({ ...key, nonce }, client, data.partition.sizeOf(client)), new Float32Array(parameters));
  send(1, 'another nonce');
  expect(await peer.hears('answer')).toMatchObject({ client: 1, answer: 'LATE' });
  send(2);
  expect(await peer.hears('answer')).toMatchObject({
    client: 2,
    answer: 'REJECTED',
    reason: 'client 2 is hosted elsewhere',
  });
  send(5);
  expect(await peer.hears('answer')).toMatchObject({
    client: 5,
    answer: 'REJECTED',
    reason: 'client 5 is not in the cohort',
  });
  send(1);
  expect(await peer.hears('answer')).toMatchObject({ client: 1, answer: 'ACCEPTED' });
  send(1);
  expect(await peer.hears('answer')).toMatchObject({ client: 1, answer: 'DUPLICATE' });
  send(3);
  expect(await peer.hears('answer')).toMatchObject({ client: 3, answer: 'ACCEPTED' });
  expect(codes(await replies)).toEqual(['update', 'update', 'update', 'update']);
  send(3);
  expect(await peer.hears('answer')).toMatchObject({ client: 3, answer: 'LATE' });
});

test.each([
  ['garbage', () => new Uint8Array(64).fill(0xc1), 4002],
  ['an empty frame', () => new Uint8Array(0), 4002],
  ['a header length that lies', () => new Uint8Array([255, 255, 0, 0, 1, 2, 3, 4]), 4002],
  ['an update before its turn', () => encodeFrame({ ...updateOf({ run: '', round: 0, nonce: '' }, 1, 1) }), 4004],
] as const)(
  'a peer that sends %s is closed with a code, and the honest half of the round arrives',
  async (_, frame, code) => {
    const { pool, dispatch, refused } = await open();
    const peer = await Peer.connect(pool.url, token);
    peer.socket.send(frame());
    expect((await peer.closed).code).toBe(code);
    pool.abandon(1);
    await pool.waitReady(30_000, never);
    expect(codes(await dispatch())).toEqual(['update', 'client-lost', 'update', 'client-lost']);
    expect(refused).toEqual([expect.stringMatching(String(code))]);
  },
);

test('garbage in the middle of a round costs the replies of that peer alone', async () => {
  const { pool, dispatch } = await open();
  const peer = await Peer.connect(pool.url, token);
  await peer.joins(1);
  await pool.waitReady(30_000, never);
  const replies = dispatch();
  await peer.hears('train');
  peer.socket.send(new Uint8Array(1000).fill(7));
  expect((await peer.closed).code).toBe(4002);
  expect(codes(await replies)).toEqual(['update', 'client-lost', 'update', 'client-lost']);
});

test('a frame larger than the model is cut off before it is in memory', async () => {
  const { pool, parameters } = await open({ honest: false });
  const peer = await Peer.connect(pool.url, token);
  peer.socket.send(new Uint8Array(maxFrameBytes(parameters) + 1));
  expect((await peer.closed).code).toBe(1009);
});

test('another protocol version is told both versions', async () => {
  const { pool } = await open({ honest: false });
  const peer = await Peer.connect(pool.url, token);
  peer.say({ type: 'hello', protocol: 99, software: 'future 9', slot: 1 });
  expect(await peer.closed).toEqual({
    code: 4001,
    reason: 'coordinator speaks protocol 2, client (future 9) 99',
  });
});

test('a text message, a taken slot, a slot that is not there and other data have codes of their own', async () => {
  const { pool } = await open({ honest: false });
  const texting = await Peer.connect(pool.url, token);
  texting.socket.send('hello');
  expect((await texting.closed).code).toBe(4002);
  const first = await Peer.connect(pool.url, token);
  await first.joins(1);
  const second = await Peer.connect(pool.url, token);
  second.say({ type: 'hello', protocol: 2, software: 'test', slot: 1 });
  expect((await second.closed).code).toBe(4006);
  const outside = await Peer.connect(pool.url, token);
  outside.say({ type: 'hello', protocol: 2, software: 'test', slot: 2 });
  expect((await outside.closed).code).toBe(4006);
  const other = await Peer.connect(pool.url, token);
  other.say({ type: 'hello', protocol: 2, software: 'test', slot: 0 });
  await other.hears('assign');
  other.say({ type: 'ready', datasetDigest: 'ff', clients: 12, examples: 1500, features: 64, classes: 10 });
  expect((await other.closed).code).toBe(4007);
});

test('who has no token is turned away before the upgrade, and so is plain HTTP', async () => {
  const { pool } = await open({ honest: false });
  const status = await new Promise((resolve) => {
    const socket = new WebSocket(pool.url, { headers: { authorization: 'Bearer guess' } });
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
    socket.on('error', () => {});
  });
  expect(status).toBe(401);
  expect((await fetch(pool.url.replace('ws', 'http'))).status).toBe(426);
});

test('raw bytes on the port end that socket and nothing else', async () => {
  const { pool, dispatch } = await open();
  const { port } = new URL(pool.url);
  await new Promise<void>((resolve) => {
    const raw = connect(Number(port), '127.0.0.1', () => raw.write(new Uint8Array(4096).fill(0xff)));
    raw.on('error', () => {}).on('close', () => resolve());
    raw.resume();
  });
  pool.abandon(1);
  await pool.waitReady(30_000, never);
  expect(codes(await dispatch())).toEqual(['update', 'client-lost', 'update', 'client-lost']);
});

test('a client that does not reply in time has failed, and the round ends', async () => {
  const { pool, dispatch } = await open({ replyMs: 1500 });
  const peer = await Peer.connect(pool.url, token);
  await peer.joins(1);
  await pool.waitReady(30_000, never);
  expect(codes(await dispatch())).toEqual(['update', 'timeout', 'update', 'timeout']);
});

test('a client says why it could not train, and is named', async () => {
  const { pool, dispatch } = await open();
  const peer = await Peer.connect(pool.url, token);
  await peer.joins(1);
  await pool.waitReady(30_000, never);
  const replies = dispatch();
  const { run, round, nonce } = await peer.hears('round');
  for (const client of [1, 3]) peer.say({ type: 'failure', run, round, nonce, client, reason: 'out of memory' });
  expect((await replies)[1]).toEqual({
    kind: 'failure',
    round: 0,
    client: 1,
    code: 'client-error',
    reason: 'out of memory',
  });
});
