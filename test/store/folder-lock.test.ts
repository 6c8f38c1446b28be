import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFolder } from 'fedtempo/server/store/folder-lock.js';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/processes.js';

test('a folder is taken by one at a time, and free again afterwards', () => {
  const folder = temporaryFolder();
  const unlock = lockFolder(folder, 'run');
  expect(() => lockFolder(folder, 'run')).toThrow(
    new RegExp(`the run is being run already\\n {2}found: {4}process ${process.pid} at work in it`),
  );
  unlock();
  expect(readdirSync(folder)).toEqual([]);
  lockFolder(folder, 'run')();
  expect(readdirSync(folder)).toEqual([]);
});

test('the lock of a process that is gone is taken over', () => {
  const folder = temporaryFolder();
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(join(folder, 'run.lock'), String(gone));
  const unlock = lockFolder(folder, 'run');
  expect(readFileSync(join(folder, 'run.lock'), 'utf8')).toMatch(new RegExp(`^${process.pid}( \\d+)?$`));
  unlock();
  expect(readdirSync(folder)).toEqual([]);
});

test.each(['', 'x', '-1', '0', '1e9', '99999999999999999999'])('a lock that says %j holds nobody', (text) => {
  const folder = mkdtempSync(join(temporaryFolder(), 'a'));
  writeFileSync(join(folder, 'run.lock'), text);
  lockFolder(folder, 'run')();
  expect(existsSync(join(folder, 'run.lock'))).toBe(false);
});

test.runIf(existsSync('/proc/self/stat'))(
  'a process that has the number of one that is gone does not hold its lock',
  () => {
    const folder = temporaryFolder();
    // This very process, but started at another time.
    writeFileSync(join(folder, 'run.lock'), `${process.pid} 1`);
    lockFolder(folder, 'run')();
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('letting go of a lock that another has taken since leaves it alone', () => {
  const folder = temporaryFolder();
  const unlock = lockFolder(folder, 'run');
  writeFileSync(join(folder, 'run.lock'), '1 1');
  unlock();
  expect(readFileSync(join(folder, 'run.lock'), 'utf8')).toBe('1 1');
});
