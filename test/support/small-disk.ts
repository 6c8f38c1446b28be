/** A disk that is really full: a file system in memory of a few pages, which only root may mount. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';

export interface SmallDisk {
  readonly folder: string;
  resize(kilobytes: number): void;
}

/** Skips the test where none can be mounted, except in CI. */
export function smallDisk(context: TestContext, kilobytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'fedtempo-disk-'));
  context.onTestFinished(() => {
    spawnSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  const mount = (options: string) => {
    const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder]);
    return status === 0 ? undefined : `no file system in memory: ${error?.message ?? String(stderr).trim()}`;
  };
  const reason = mount(`size=${kilobytes}k`);
  if (reason !== undefined && process.env.CI === 'true') throw new Error(reason);
  if (reason !== undefined) return context.skip(reason);
  return {
    folder,
    resize(larger) {
      const failed = mount(`remount,size=${larger}k`);
      if (failed !== undefined) throw new Error(failed);
    },
  };
}
