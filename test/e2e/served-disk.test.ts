/**
 * The coordinator's disk full or broken at every write and sync: it acknowledges nothing that is not durable, says what
 * happened and ends, and the same command goes on to the weights of a run that nobody disturbed. test/soak/disk.mjs has both
 * errors at each place.
 */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { diskPlaces, failAt, runFull } from '../support/disk-failures.mjs';
import { temporaryFolder } from '../support/processes.js';
import { ServedRun } from '../support/served.mjs';
import { smallDisk } from '../support/small-disk.js';

async function served(rounds: number, directory?: string): Promise<ServedRun> {
  const run = await ServedRun.create(temporaryFolder(), { rounds, ...(directory === undefined ? {} : { directory }) });
  onTestFinished(() => run.stop());
  return run;
}

async function endsRight(run: ServedRun, clients: ReturnType<ServedRun['join']>): Promise<void> {
  const { code, stdout } = await run.serve().ended;
  expect(code).toBe(0);
  expect((await clients.ended).code).toBe(0);
  expect(run.wrongs(await run.undisturbed(), JSON.parse(stdout))).toEqual([]);
}

test('a disk that fails at any write or sync stops the run with one message, and the run goes on', {
  timeout: 180_000,
}, async () => {
  const run = await served(30);
  const clients = run.join();
  for (const [index, place] of diskPlaces.entries()) {
    const code = index % 2 === 0 ? 'ENOSPC' : 'EIO';
    const passing = place.startsWith('journal.') ? 1 : 1 + (index % 3);
    expect({ place, wrongs: await failAt(run, place, passing, code) }).toEqual({ place, wrongs: [] });
  }
  await endsRight(run, clients);
});

test('a disk that is full stops the run, and stops it again until there is more room', {
  timeout: 180_000,
}, async (context) => {
  const disk = smallDisk(context, 4);
  const run = await served(60, join(disk.folder, 'run'));
  const clients = run.join();
  // While the run is begun, in its first round, and in later ones.
  for (const kilobytes of [4, 32, 72, 84]) {
    disk.resize(kilobytes);
    expect({ kilobytes, wrongs: await runFull(run) }).toEqual({ kilobytes, wrongs: [] });
  }
  disk.resize(4096);
  await endsRight(run, clients);
});
