/** A wall clock that a test sets while processes run; their monotonic clock goes on. By libfaketime, preloaded into them. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './processes.js';

export interface WallClock {
  /** For processes that shall live by it. */
  readonly environment: Record<string, string>;
  /** Sets it so many seconds ahead of the true time, or behind. */
  set(aheadSeconds: number): void;
}

/** @param library path of libfaketimeMT.so.1 */
export function wallClock(library: string): WallClock {
  const file = join(temporaryFolder(), 'ahead');
  const set = (aheadSeconds: number) => {
    // Renamed, since a process may read it at any moment.
    writeFileSync(`${file}.tmp`, `${aheadSeconds < 0 ? '' : '+'}${aheadSeconds}\n`);
    renameSync(`${file}.tmp`, file);
  };
  set(0);
  const environment = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
  return { environment, set };
}
