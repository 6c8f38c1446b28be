import { existsSync } from 'node:fs';
import type { TestContext } from 'vitest';

/** Skips the test where no file is at `path`, which `variable` names, except in CI, where it must be. */
export function need(context: TestContext, path: string | undefined, variable: string): string {
  if (path !== undefined && existsSync(path)) return path;
  const reason = `${variable} does not name a binary (found: ${path})`;
  if (process.env.CI === 'true') throw new Error(reason);
  return context.skip(reason);
}
