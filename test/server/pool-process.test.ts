import { ProcessPool } from 'fedtempo/server/pool/process.js';
import { describe, expect, test } from 'vitest';
import { poolConforms } from '../laws/pool.js';
import { digits } from '../support/digits.js';
import { clientFile } from '../support/processes.js';

const never = new AbortController().signal;

async function start(workers: number, change: { command?: string[]; restarts?: number } = {}, notes: string[] = []) {
  const { scenario, digest, parameters } = await digits();
  return ProcessPool.start(
    {
      run: 'test',
      scenario,
      folder: '.',
      datasetDigest: digest,
      parameters,
      features: 64,
      classes: 10,
      workers,
      port: 0,
      restarts: 1,
      startMs: 30_000,
      replyMs: 30_000,
      command: [process.execPath, clientFile],
      environment: {},
      profile: false,
      note: (text) => notes.push(text),
      ...change,
    },
    never,
  );
}

describe.each([1, 2, 3])('the process pool with %i client processes', (workers) => {
  poolConforms(() => start(workers));
});

test('a client program that ends at once is an error that says so, not a wait', async () => {
  const notes: string[] = [];
  const command = [process.execPath, '-e', 'process.stderr.write("no data here"); process.exit(3)'];
  await expect(start(2, { command }, notes)).rejects.toThrow(/2 of 2 client processes ended again and again/);
  expect(notes.some((note) => /client process 0 ended \(exit code 3\).*no data here/.test(note))).toBe(true);
});

test('a client program that does not exist is an error that says so', async () => {
  const notes: string[] = [];
  await expect(start(1, { command: ['./no-such-program'], restarts: 0 }, notes)).rejects.toThrow(
    /ended again and again/,
  );
  expect(notes.join()).toMatch(/ENOENT/);
});
