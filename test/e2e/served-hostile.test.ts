/** Hostile sockets while honest clients train; test/soak/hostile-sockets.mjs does it with 20,000, and takes the time. */
import { expect, onTestFinished, test } from 'vitest';
import { Assault } from '../support/hostile/assault.mjs';
import { selected } from '../support/hostile/enter.mjs';
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
  // The last round may have been dropped as the coordinator stopped.
  for (const updates of counted.values()) expect(updates).toBeGreaterThanOrEqual(stand.rounds.length - 1);
  expect(stand.log.filter(({ msg }) => msg === 'round abandoned')).toEqual([]);
  expect(stand.events.filter(({ type }) => type === 'joined')).toHaveLength(HONEST);
}, 60_000);

test('a client that takes nothing of what it is sent holds up no round', async () => {
  // 2.4 MB a round: what the system holds for the client is full after a few of them.
  const stand = new Stand({
    folder: temporaryFolder(),
    hostileKeys: 4,
    localEpochs: 1,
    handshakeMs: 5000,
    hidden: 8000,
  });
  onTestFinished(() => stand.kill());
  await stand.begin(1);
  const { raw } = await selected(stand.port, stand.hostile[0]);
  onTestFinished(() => raw.destroy());
  raw.pause();
  const { length: before } = stand.rounds;
  // It is given up after a minute (drainMs); no round may wait that long.
  await stand.until(() => stand.rounds.length > before + 9);
  expect(raw.ended).toBe(false);
  expect(Math.max(...stand.rounds.map(({ ms }) => ms))).toBeLessThan(20_000);
}, 60_000);
