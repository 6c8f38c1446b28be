/** One study at a time in a folder: two would remove each other's unfinished trials. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FedtempoError, messageOf } from '../../shared/errors.js';

/**
 * Takes the folder until the function that it returns is called. The lock of a process that is gone is taken over.
 *
 * @throws FedtempoError OUTPUT_UNWRITABLE
 */
export function lockStudy(folder: string): () => void {
  const file = join(folder, 'study.lock');
  try {
    mkdirSync(folder, { recursive: true });
    if (isRunning(ownerOf(file))) throw occupied(folder, ownerOf(file));
    rmSync(file, { force: true });
    writeFileSync(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (error instanceof FedtempoError) throw error;
    throw new FedtempoError('OUTPUT_UNWRITABLE', 'the folder of the study cannot be written', {
      where: folder,
      found: messageOf(error),
      expected: 'a folder in which this user may create files',
      fix: 'choose another folder with --out FOLDER',
    });
  }
  return () => rmSync(file, { force: true });
}

function occupied(folder: string, owner: number): FedtempoError {
  return new FedtempoError('OUTPUT_UNWRITABLE', 'the study is being run already', {
    where: folder,
    found: `process ${owner} at work in it`,
    expected: 'one study at a time in a folder',
    fix: `wait for it or end it; if process ${owner} is something else, remove study.lock`,
  });
}

function ownerOf(file: string): number {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10);
  } catch {
    return Number.NaN;
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
