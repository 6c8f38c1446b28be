/** Served runs for the tests of one file, which may run at the same time: most of their time is waiting for clients to return. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { type Process, ServedRun } from './served.mjs';

type Options = Parameters<typeof ServedRun.create>[1];

/** Makes runs; their processes and folders are gone when the file is over. */
export function servedRuns(): (options: Options) => Promise<ServedRun> {
  const folder = mkdtempSync(join(tmpdir(), 'fedtempo-test-'));
  const runs: ServedRun[] = [];
  afterAll(() => {
    for (const run of runs) run.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return async (options) => {
    const run = await ServedRun.create(mkdtempSync(join(folder, 'run-')), options);
    runs.push(run);
    return run;
  };
}

/** Goes on with the run to its end, which must be that of a run that nobody disturbed. */
export async function expectRightEnd(run: ServedRun, clients: Process): Promise<void> {
  const { code, stdout } = await run.serve().ended;
  expect([code, (await clients.ended).code]).toEqual([0, 0]);
  expect(run.wrongs(await run.undisturbed(), JSON.parse(stdout))).toEqual([]);
}
