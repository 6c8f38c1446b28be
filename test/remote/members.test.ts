import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { MemberConnection } from 'fedtempo/server/remote/member-connection.js';
import { Members } from 'fedtempo/server/remote/members.js';
import { Seats } from 'fedtempo/server/remote/seats.js';
import { encodeFrame } from 'fedtempo/shared/protocol/codec.js';
import { limits } from 'fedtempo/shared/protocol/limits.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { temporaryFolder } from '../support/processes.js';

/** The members of a run of `clients`, and connections of them over loopback. */
async function run(clients: number) {
  const seats = new Seats(temporaryFolder(), clients);
  const members = new Members({ seats, clients });
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    seats.close();
  });

  /** A connection of `key`, which has said nothing. */
  async function connect(key: string) {
    const accepted = once(server, 'connection') as Promise<[WebSocket]>;
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    const closed = once(socket, 'close').then(([code]) => code as number);
    const [end] = await accepted;
    if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open');
    let [declared, left] = [() => {}, (_was: boolean) => {}];
    const readied = new Promise<void>((resolve) => {
      declared = resolve;
    });
    const gone = new Promise<boolean>((resolve) => {
      left = resolve;
    });
    const origin = { run: 'r', epoch: 0, nonce: 'n', key };
    const connection = new MemberConnection(end, origin, limits, {
      greet: () => ({ type: 'goodbye', reason: 'an answer, of any type' }),
      declared: () => void setImmediate(declared),
      offered: () => {},
      submitted: () => {},
      failed: () => {},
      closed: (one) => left(members.leave(one)),
    });
    const ready = async () => {
      socket.send(encodeFrame({ type: 'hello', protocol: 2, software: 'test' }));
      socket.send(encodeFrame({ type: 'ready', clients: 1, examples: 5, features: 2, classes: 2 }));
      await readied;
      members.changed();
    };
    return { connection, socket, closed, ready, gone };
  }
  /** Takes its place, and is known from now on. */
  async function joined(key: string, wanted?: number) {
    const one = await connect(key);
    const client = members.seat(one.connection, {}, wanted) as number;
    if (members.known(client) === undefined) members.take({ client, key, examples: 5, simulated: false });
    await one.ready();
    return { ...one, client };
  }
  return { seats, members, connect, joined };
}

const taken = (reason: string) => ({ refuse: 'SLOT_TAKEN', reason });

describe('the members of a run', () => {
  test('get the lowest free client, or the one that they ask for', async () => {
    const { members, connect } = await run(3);
    const [a, b, c, d] = await Promise.all(['a', 'b', 'c', 'd'].map(connect));
    expect(members.seat(a.connection, {}, 1)).toBe(1);
    expect(members.seat(b.connection, {}, undefined)).toBe(0);
    expect(members.seat(c.connection, {}, undefined)).toBe(2);
    expect(members.seat(d.connection, {}, undefined)).toEqual(taken('all 3 clients of the run are there'));
    expect(c.connection.client).toBe(2);
  });

  test('are who their enrolment says, and nobody else', async () => {
    const { members, connect } = await run(3);
    const one = await connect('a');
    expect(members.seat(one.connection, { client: 2 }, 0)).toEqual(
      taken('this key is client 2 of the run, and asks to be client 0'),
    );
    expect(members.seat(one.connection, { client: 3 }, undefined)).toEqual(
      taken('there is no client 3: the run has 3, numbered from 0'),
    );
    expect(members.seat(one.connection, { client: 2 }, undefined)).toBe(2);
  });

  test('do not take the place of another key that is there, known or not, or that may come back', async () => {
    const { members, connect, joined } = await run(3);
    const first = await connect('a');
    members.seat(first.connection, {}, 1);
    const other = await connect('b');
    expect(members.seat(other.connection, {}, 1)).toEqual(taken('client 1 is another one'));
    const known = await joined('c', 0);
    known.socket.terminate();
    expect(await known.gone).toBe(true);
    expect(members.seat(other.connection, {}, 0)).toEqual(taken('client 0 is another one'));
    expect(members.seat(other.connection, {}, undefined)).toBe(2);
  });

  test('that leave before they are known leave their place to anybody', async () => {
    const { members, connect } = await run(1);
    const first = await connect('a');
    expect(members.seat(first.connection, {}, undefined)).toBe(0);
    first.socket.terminate();
    expect(await first.gone).toBe(true);
    const second = await connect('b');
    expect(members.seat(second.connection, {}, undefined)).toBe(0);
  });

  test('are one for a key: the newer connection is the client, and the end of the older one changes nothing', async () => {
    const { members, joined, connect } = await run(3);
    const older = await joined('a', 2);
    const newer = await connect('a');
    expect(members.seat(newer.connection, {}, undefined)).toBe(2);
    expect(await older.closed).toBe(4010);
    expect(await older.gone).toBe(false);
    expect([members.all, members.at(2)]).toEqual([[newer.connection], undefined]);
    await newer.ready();
    expect(members.at(2)).toBe(newer.connection);
  });

  test('count as ready once they have declared what they have, and no longer than their connection is open', async () => {
    const { members, connect } = await run(9);
    const [a, b] = await Promise.all(['a', 'b'].map(connect));
    members.seat(a.connection, {}, 7);
    members.seat(b.connection, {}, 3);
    expect([members.readyCount, members.isReady(7), members.ready()]).toEqual([0, false, []]);
    await a.ready();
    await b.ready();
    expect([members.readyCount, members.isReady(7), members.ready()]).toEqual([2, true, [3, 7]]);
    a.connection.close('SILENT', 'gone');
    expect([members.readyCount, members.isReady(7), members.at(7)]).toEqual([1, false, undefined]);
  });

  test('are waited for until as many are ready, or the run is stopped', async () => {
    const { members, joined } = await run(5);
    const stop = new AbortController();
    const seen: string[] = [];
    const two = members.quorum(2, stop.signal).then(() => seen.push('two'));
    const five = members.quorum(5, stop.signal).then(() => seen.push('five'));
    await joined('a');
    expect(seen).toEqual([]);
    await joined('b');
    await two;
    expect(seen).toEqual(['two']);
    await members.quorum(2, stop.signal);
    stop.abort();
    await five;
    expect(seen).toEqual(['two', 'five']);
    await members.quorum(5, stop.signal);
  });
});
