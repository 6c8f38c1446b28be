import { existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointFiles } from 'fedtempo/server/store/checkpoint-files.js';
import { expect, test } from 'vitest';
import { smallCheckpoint } from '../support/checkpoint.js';
import { temporaryFolder } from '../support/processes.js';

/** A folder in which checkpoints of 10, 20 and 30 rounds were saved. */
function saved() {
  const folder = temporaryFolder();
  const files = new CheckpointFiles(folder, true);
  for (const rounds of [10, 20, 30]) files.save(smallCheckpoint(rounds));
  return {
    folder,
    newest: join(folder, 'checkpoint.safetensors'),
    before: join(folder, 'checkpoint.previous.safetensors'),
  };
}
const load = (folder: string) => new CheckpointFiles(folder, false).load();

test('the newest and the one before are kept, and nothing else', () => {
  const { folder, newest, before } = saved();
  expect(readdirSync(folder).sort()).toEqual(['checkpoint.previous.safetensors', 'checkpoint.safetensors']);
  expect(readFileSync(newest)).toEqual(smallCheckpoint(30));
  expect(readFileSync(before)).toEqual(smallCheckpoint(20));
  expect(load(folder)).toMatchObject({ checkpoint: { rounds: 30 }, refused: undefined });
});

test('a newest one cut at any byte is refused by name, and the one before is used', () => {
  const { folder, newest } = saved();
  for (let length = readFileSync(newest).length - 1; length >= 0; length--) {
    truncateSync(newest, length);
    const { checkpoint, refused } = load(folder);
    expect(checkpoint?.rounds).toBe(20);
    expect(refused?.code).toBe('CHECKPOINT_INVALID');
    expect(refused?.message).toContain(newest);
    expect(refused?.message).toContain(`${length} bytes`);
    expect(refused?.message).toContain('checkpoint.previous.safetensors, of 20 rounds, is used in its place');
  }
});

test('what is left by a crash at any step of saving holds a whole checkpoint', () => {
  // A torn temporary file; a whole one; the newest renamed already.
  const torn = saved();
  writeFileSync(`${torn.newest}.tmp`, smallCheckpoint(40).subarray(0, 300));
  expect(load(torn.folder).checkpoint?.rounds).toBe(30);
  const written = saved();
  writeFileSync(`${written.newest}.tmp`, smallCheckpoint(40));
  expect(load(written.folder).checkpoint?.rounds).toBe(30);
  renameSync(written.newest, written.before);
  expect(load(written.folder)).toMatchObject({ checkpoint: { rounds: 30 }, refused: undefined });
});

test('a damaged newest one never takes the place of the good one before it', () => {
  const { folder, newest, before } = saved();
  writeFileSync(newest, 'damaged');
  const files = new CheckpointFiles(folder, false);
  files.load();
  files.save(smallCheckpoint(21));
  expect([readFileSync(newest), readFileSync(before)]).toEqual([smallCheckpoint(21), smallCheckpoint(20)]);
  files.save(smallCheckpoint(22));
  expect([readFileSync(newest), readFileSync(before)]).toEqual([smallCheckpoint(22), smallCheckpoint(21)]);
});

test('none at all is no error; none that is whole is one', () => {
  const { folder, newest, before } = saved();
  writeFileSync(before, '');
  writeFileSync(newest, 'x');
  expect(() => load(folder)).toThrow(
    /checkpoint\.safetensors: [\s\S]*found: {4}1 bytes[\s\S]*to mend: {2}run the scenario again/,
  );
  rmSync(newest);
  expect(() => load(folder)).toThrow(/checkpoint\.previous\.safetensors: [\s\S]*found: {4}0 bytes/);
  rmSync(before);
  expect(load(folder)).toEqual({ checkpoint: undefined, refused: undefined });
  expect(existsSync(newest)).toBe(false);
});
