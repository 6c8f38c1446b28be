/** The error of a disk that refuses to take what a run must keep. Nothing that was acknowledged is lost by it. */
import { FedtempoError, messageOf } from '../../shared/errors.js';

/** What the system calls a disk that is full, broken, gone or not to be written to. */
const OF_THE_DISK = ['ENOSPC', 'EIO', 'EDQUOT', 'EROFS', 'EFBIG', 'ENODEV', 'ENXIO', 'EACCES', 'EPERM', 'ENOENT'];

/** STORAGE_FAILED for what the disk refused; anything else as it is. */
export function storageFailed(error: unknown, where: string): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof FedtempoError || !(error instanceof Error)) return error as Error;
  if (code === undefined || !OF_THE_DISK.includes(code)) return error;
  return new FedtempoError(
    'STORAGE_FAILED',
    'the disk refused a write of the run',
    {
      where,
      found: messageOf(error),
      expected: 'room on the disk, and a disk that works',
      fix: 'mend the disk or free some of it, then go on with the run: all that was acknowledged is kept',
    },
    error,
  );
}

/** Whether the disk itself is full or broken, rather than a folder one that this user may not write to. */
export function isDiskTrouble(error: unknown): boolean {
  return ['ENOSPC', 'EIO', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Runs `work`; what the disk refused in it is told as STORAGE_FAILED. */
export function onDisk<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storageFailed(error, where);
  }
}
