/** Hostile sockets while honest clients train; test/soak/hostile-sockets.mjs does it with 20,000, and takes the time. */
import { expect, onTestFinished, test } from 'vitest';
import { Assault } from '../support/hostile/assault.mjs';
import { HONEST, Stand } from '../support/hostile/stand.mjs';
import { temporaryFolder } from '../support/processes.js';

const SOCKETS = 400;

test(`${SOCKETS} hostile sockets change nothing for four honest clients, and none of their updates counts`, async () => {
  const stand = new Stand({ folder: temporaryFolder(), hostileKeys: 12, localEpochs: 2, handshakeMs: 1500 });
  onTestFinished(() => stand.kill());
  await stand.begin(2);
  const assault = new Assault(stand);
  await assault.run(SOCKETS, 200);
  const { length: before } = stand.rounds;
  // It goes on afterwards.
  await stand.until(() => stand.rounds.length > before + 1);
  expect(await stand.stop(), stand.said).toBe('130');

  expect([...new Set(assault.wrongs)]).toEqual([]);
  expect(assault.sockets).toBe(SOCKETS);
  expect(assault.outcomes['forged update']?.['4011']).toBeGreaterThan(0);
  expect(assault.outcomes['update that is not finite']?.REJECTED).toBeGreaterThan(0);
  const counted = stand.counted();
  expect([...counted.keys()].sort()).toEqual(Array.from({ length: HONEST }, (_, client) => client));
  for (const updates of counted.values()) expect(updates).toBe(stand.rounds.length);
  expect(stand.log.filter(({ msg }) => msg === 'round abandoned')).toEqual([]);
  expect(stand.events.filter(({ type }) => type === 'joined')).toHaveLength(HONEST);
}, 60_000);
