/** Client state on the wire: what a coordinator sends and takes, and what either end refuses. */
import { spawn } from 'node:child_process';
import type { PoolReply } from 'fedtempo/server/pool/pool.js';
import { WebSocketPool } from 'fedtempo/server/pool/websocket.js';
import { MeanWithState } from 'fedtempo/shared/federation/mean-with-state.js';
import { maxFrameBytes } from 'fedtempo/shared/protocol/limits.js';
import { expect, onTestFinished, test } from 'vitest';
import { digits } from '../support/digits.js';
import { Peer } from '../support/peer.js';
import { PlainStates } from '../support/plain-states.js';
import { clientFile } from '../support/processes.js';

const token = 'a token of the test';
const never = new AbortController().signal;

/** A coordinator with one slot that has a round of clients with state to run. */
async function open({ clients = [0, 1, 2], room = 100, stateValues = 0, controlValues = 0 } = {}) {
  const { scenario, digest, parameters, planOf, weights, shardSize, data } = await digits();
  const pool = await WebSocketPool.open({
    run: 'wire',
    scenario,
    folder: '.',
    datasetDigest: digest,
    parameters,
    features: 64,
    classes: 10,
    slots: 1,
    port: 0,
    token,
    replyMs: 30_000,
    stateful: true,
    profile: false,
    onReady: () => {},
    onRefused: () => {},
  });
  onTestFinished(() => pool.close());
  const states = new PlainStates(stateValues || parameters, room);
  states.current.set(
    1,
    Float32Array.from({ length: stateValues || parameters }, (_, index) => index / 8),
  );
  const control = new Float32Array(controlValues || parameters).fill(0.25);
  const aggregator = new MeanWithState(parameters, clients.length, 'uniform');
  const group = { plan: planOf(0), clients, weights, aggregator, variates: { control, states } };
  /** Starts the round; its replies by client, once all are there. */
  const dispatch = async (): Promise<PoolReply['reply'][]> => {
    const replies: PoolReply['reply'][] = [];
    const work = { groups: [group], shardSize, measure: false };
    for await (const { reply } of pool.dispatch(work, never)) replies.push(reply);
    return replies.sort((a, b) => a.client - b.client);
  };
  const updateOf = (key: { run: string; round: number; nonce: string }, client: number) => ({
    type: 'update',
    run: key.run,
    round: key.round,
    nonce: key.nonce,
    client,
    examples: data.partition.sizeOf(client),
    metrics: { loss: 1, accuracy: 0.5, examplesUsed: 5 },
    used: { learningRateFirst: 0.2, learningRateLast: 0.2, batchSize: 7, steps: 3, truncatedBatches: 1 },
    trainMs: 1,
  });
  return { pool, parameters, weights, control, states, aggregator, dispatch, updateOf };
}

async function joined(pool: WebSocketPool): Promise<Peer> {
  const peer = await Peer.connect(pool.url, token);
  await peer.joins(0);
  await pool.waitReady(30_000, never);
  return peer;
}

test('the control variate follows the weights, a state goes with its client, and zeros are not sent', async () => {
  const { pool, weights, control, states, dispatch, updateOf, parameters } = await open();
  const peer = await joined(pool);
  const replies = dispatch();
  const { message: key, tensor } = await peer.hearsFrame('round');
  expect(key.control).toBe(true);
  expect([...tensor]).toEqual([...weights, ...control]);
  const half = new Float32Array(parameters).fill(0.5);
  for (const client of [0, 1, 2]) {
    const { message, tensor: state } = await peer.hearsFrame('train');
    expect(message.clients).toEqual([client]);
    expect([...state]).toEqual([...(states.current.get(client) ?? [])]);
  }
  for (const client of [0, 1, 2]) {
    peer.say(updateOf(key, client), new Float32Array(parameters), half);
    expect(await peer.hears('answer')).toMatchObject({ client, answer: 'ACCEPTED' });
  }
  expect((await replies).map(({ kind }) => kind)).toEqual(['update', 'update', 'update']);
  states.commit(true);
  expect(states.current.get(0)).toEqual(half);
  expect(states.current.get(1)?.[8]).toBe(1.5);
});

test('updates of a wrong length or range are refused and named, and their states stay', async () => {
  const { pool, states, aggregator, dispatch, updateOf, parameters } = await open({ clients: [0, 1, 2, 3] });
  const peer = await joined(pool);
  const replies = dispatch();
  const key = await peer.hears('round');
  const zeros = new Float32Array(parameters);
  const answers: [Float32Array[], RegExp][] = [
    [[zeros], /client 0 sent a change of state of 0 values, expected 685/],
    [[zeros, zeros.subarray(1)], /client 1 sent a change of state of 684 values, expected 685/],
    [[zeros.subarray(7)], /client 2 sent 678 parameters, the model has 685/],
    [[zeros, new Float32Array(parameters).fill(Number.NaN)], /client 3: state value 0 is NaN/],
  ];
  for (const [client, [tensor, reason]] of answers.entries()) {
    peer.say(updateOf(key, client), ...tensor);
    expect(await peer.hears('answer')).toMatchObject({
      client,
      answer: 'REJECTED',
      reason: expect.stringMatching(reason),
    });
  }
  const codes = (await replies).map((reply) => reply.kind === 'failure' && reply.code);
  expect(codes).toEqual(['wrong-length', 'wrong-length', 'wrong-length', 'non-finite']);
  expect(states.lent.size).toBe(0);
  states.commit(true);
  expect([...states.current.keys()]).toEqual([1]);
  expect(aggregator.tally().clients).toEqual([]);
});

test('with room for one state the next is sent when the one before came back, and nobody answers before he is asked', async () => {
  const { pool, states, dispatch, updateOf, parameters } = await open({ room: 1 });
  const peer = await joined(pool);
  const replies = dispatch();
  const key = await peer.hears('round');
  const [delta, change] = [new Float32Array(parameters), new Float32Array(parameters)];
  for (const client of [0, 1, 2]) {
    expect((await peer.hears('train')).clients).toEqual([client]);
    expect([...states.lent.keys()]).toEqual([client]);
    if (client < 2) {
      peer.say(updateOf(key, 2), delta, change);
      const reason = 'client 2 was not asked to train yet';
      expect(await peer.hears('answer')).toMatchObject({ client: 2, answer: 'REJECTED', reason });
    }
    // A failure makes room as an update does.
    const { run, round, nonce } = key;
    if (client === 1) peer.say({ type: 'failure', run, round, nonce, client, reason: 'no memory' });
    else peer.say(updateOf(key, client), delta, change);
  }
  expect((await replies).map(({ kind }) => kind)).toEqual(['update', 'failure', 'update']);
});

test('a connection that ends gives back the states that it was sent', async () => {
  const { pool, states, dispatch } = await open();
  const peer = await joined(pool);
  const replies = dispatch();
  await peer.hears('train');
  peer.socket.terminate();
  const codes = (await replies).map((reply) => reply.kind === 'failure' && reply.code);
  expect(codes).toEqual(['client-lost', 'client-lost', 'client-lost']);
  expect(states.lent.size).toBe(0);
});

test('the largest frame holds an update and a change of state, and no more', async () => {
  const { pool, parameters } = await open();
  const peer = await Peer.connect(pool.url, token);
  peer.socket.send(new Uint8Array(maxFrameBytes(2 * parameters) + 1));
  expect((await peer.closed).code).toBe(1009);
});

test.each([
  ['a control variate', { controlValues: 684 }, /4004 a round with a tensor of 5476 bytes/],
  ['a state', { stateValues: 684 }, /4004 a state of 684 values, expected none or 685/],
])('a client refuses %s of a wrong length, and says so', async (_, wrong, reason) => {
  const { pool, dispatch } = await open({ clients: [1], ...wrong });
  const env = { ...process.env, FEDTEMPO_URL: pool.url, FEDTEMPO_TOKEN: token, FEDTEMPO_SLOT: '0' };
  const child = spawn(process.execPath, [clientFile], { env, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await pool.waitReady(30_000, never);
  const [reply] = await dispatch();
  expect(reply).toMatchObject({ client: 1, code: 'client-lost', reason: expect.stringMatching(reason) });
});
