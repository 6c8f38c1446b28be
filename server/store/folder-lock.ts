/** One process at a time in a folder: two would write over each other's records. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { isDiskTrouble, storageFailed } from './storage-failed.js';

/**
 * Takes the folder until the function that it returns is called. The lock of a process that is gone is taken over.
 *
 * @param what works in the folder; the lock is `<what>.lock`
 * @throws FedtempoError OUTPUT_UNWRITABLE; STORAGE_FAILED if the disk is full or broken
 */
export function lockFolder(folder: string, what: 'study' | 'run'): () => void {
  const file = join(folder, `${what}.lock`);
  const own = `${file}.${process.pid}`;
  const claim = `${process.pid} ${startOf(process.pid)}`.trim();
  try {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(own, claim);
      while (!tryLink(own, file)) takeOver(file, what, folder);
    } finally {
      rmSync(own, { force: true });
    }
  } catch (error) {
    if (error instanceof FedtempoError) throw error;
    if (isDiskTrouble(error)) throw storageFailed(error, folder);
    throw new FedtempoError('OUTPUT_UNWRITABLE', `the folder of the ${what} cannot be written`, {
      where: folder,
      found: messageOf(error),
      expected: 'a folder in which this user may create files',
      ...(what === 'study' ? { fix: 'choose another folder with --out FOLDER' } : {}),
    });
  }
  return () => {
    if (read(file) === claim) rmSync(file, { force: true });
  };
}

/** A link is made whole or not at all, and never over another lock. */
function tryLink(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // Some file systems have no links (FAT): next best is a file that must be new.
    writeFileSync(file, readFileSync(own), { flag: 'wx' });
    return true;
  }
}

/** Puts aside the lock of a process that is gone. @throws FedtempoError if it is at work */
function takeOver(file: string, what: string, folder: string): void {
  const found = read(file);
  if (found === undefined) return;
  const [pid, start = ''] = found.split(' ');
  if (isRunning(Number(pid), start)) {
    throw new FedtempoError('OUTPUT_UNWRITABLE', `the ${what} is being run already`, {
      where: folder,
      found: `process ${pid} at work in it`,
      expected: `one process at a time in the folder of a ${what}`,
      fix: `wait for it or end it; if process ${pid} is something else, remove ${what}.lock`,
    });
  }
  // Another process may have been faster: what was put aside must be what was looked at.
  const aside = `${file}.${process.pid}.gone`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (read(aside) !== found) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** @param start when the process of the lock started; numbers come back, in containers soon */
function isRunning(pid: number, start: string): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (isZombie(pid)) return false;
  const now = startOf(pid);
  return start === '' || now === '' || now === start;
}

/** Clock ticks from the machine's start to the process's, field 22 of Linux's proc_pid_stat(5); elsewhere ''. */
function startOf(pid: number): string {
  return statOf(pid)[19] ?? '';
}

/** Dead, but not waited for by its parent, as is common in containers: it holds nothing any more. */
function isZombie(pid: number): boolean {
  return statOf(pid)[0] === 'Z' || statOf(pid)[0] === 'X';
}

/** The fields of Linux's proc_pid_stat(5) from the third, the state, on. */
function statOf(pid: number): string[] {
  const stat = read(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets, and may hold blanks.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
}
