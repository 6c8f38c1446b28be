/**
 * The coordinator's disk full or broken at every write and sync: it acknowledges nothing that is not durable, says what
 * happened and ends, and the same command goes on to the weights of a run that nobody disturbed. test/soak/disk.mjs has both
 * errors at each place.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diskPlaces, failAt, runFull } from '../support/disk-failures.mjs';
import { expectRightEnd, servedRuns } from '../support/served-runs.js';
import { smallDisk } from '../support/small-disk.js';

const served = servedRuns();

test.concurrent('a disk that fails at any write or sync stops the run with one message, and the run goes on', {
  timeout: 300_000,
}, async () => {
  const run = await served({ rounds: 30 });
  const clients = run.join();
  for (const [index, place] of diskPlaces.entries()) {
    const code = index % 2 === 0 ? 'ENOSPC' : 'EIO';
    const passing = place.startsWith('journal.') ? 1 : 1 + (index % 3);
    expect({ place, wrongs: await failAt(run, place, passing, code) }).toEqual({ place, wrongs: [] });
  }
  await expectRightEnd(run, clients);
});

test.concurrent('a disk that is full stops the run, and stops it again until there is more room', {
  timeout: 300_000,
}, async (context) => {
  const disk = smallDisk(context, 4);
  const run = await served({ rounds: 60, directory: join(disk.folder, 'run') });
  const clients = run.join();
  // While the run is begun, in its first round, and in later ones.
  for (const kilobytes of [4, 32, 72, 84]) {
    disk.resize(kilobytes);
    expect({ kilobytes, wrongs: await runFull(run) }).toEqual({ kilobytes, wrongs: [] });
  }
  disk.resize(4096);
  await expectRightEnd(run, clients);
});
