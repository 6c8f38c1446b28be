/** One scenario, any pool, same bits: the whole command, real processes, real data. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLines, runCommand, temporaryFolder } from '../support/processes.js';

async function summaryOf(scenario: string, args: readonly string[]) {
  const out = temporaryFolder();
  const { code, stdout, stderr } = await runCommand(['run', scenario, '--quiet', '--json', '--out', out, ...args]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as { digest: string; directory: string; pool: string; workers: number; rounds: number };
}

test('inline and 1, 2 and 3 client processes give one digest; another seed gives another', async () => {
  const scenario = 'scenarios/digits-quick.yaml';
  const inline = await summaryOf(scenario, ['--pool', 'inline']);
  // The digest of this scenario is part of the project's promise: a change that alters it must say so in CHANGELOG.md.
  expect(inline.digest).toBe('f6174886534f4a1bd04d03915a10113706fc187d468dedcbe1dba8e866c11514');
  for (const workers of [1, 2, 3]) {
    const run = await summaryOf(scenario, ['--pool', 'process', '--workers', String(workers)]);
    expect([run.pool, run.workers, run.digest]).toEqual(['process', workers, inline.digest]);
  }
  const reference = await summaryOf(scenario, ['--pool', 'inline', '--kernels', 'reference']);
  expect(reference.digest).toBe(inline.digest);
  const other = await summaryOf(scenario, ['--pool', 'inline', '--seed', '2']);
  expect(other.digest).not.toBe(inline.digest);
});

test('two rounds of the 2NN on all of MNIST give the same bits and the same records in every pool', async () => {
  const short = ['--set', 'federation.rounds=2'];
  const scenario = 'scenarios/mnist-2nn.yaml';
  const inline = await summaryOf(scenario, [...short, '--pool', 'inline']);
  const process = await summaryOf(scenario, [...short, '--pool', 'process', '--workers', '3']);
  const reference = await summaryOf(scenario, [...short, '--kernels', 'reference', '--workers', '2']);
  expect(inline.digest).toBe('c942cb37a95ba011eb986e20230400e5e698d972a5ea661aeb0f5ba695740500');
  expect(process.digest).toBe(inline.digest);
  expect(reference.digest).toBe(inline.digest);
  const results = ({ directory }: { directory: string }) =>
    readLines(join(directory, 'rounds.jsonl')).map(
      ({ ms: _, bytesDown: __, bytesUp: ___, totalBytes: ____, ...rest }) => rest,
    );
  expect(results(process)).toEqual(results(inline));
  expect(results(reference)).toEqual(results(inline));
  const clients = ({ directory }: { directory: string }) =>
    readLines(join(directory, 'clients.jsonl')).map(({ trainMs: _, worker: __, ...rest }) => rest);
  expect(clients(process)).toEqual(clients(inline));
  expect(readFileSync(join(process.directory, 'checkpoint.safetensors'))).toEqual(
    readFileSync(join(inline.directory, 'checkpoint.safetensors')),
  );
});
