/** Runs one trial: `fedtempo run` in a process of its own, within the folder that the store gave. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { KeyedTrial } from './open-study.js';

export interface TrialEnd {
  readonly code: number | null;
  /** The end of what it wrote to standard error. */
  readonly said: string;
}

const ENTRY = fileURLToPath(new URL('./trial-main.js', import.meta.url));
const KEEP = 4000;

/**
 * The inline pool serves: the digest depends on no pool, and trials side by side use the cores better than the
 * processes of one. An abort kills it; what it has left is removed when it is run again.
 */
export function runTrial(
  trial: KeyedTrial,
  scenarioFile: string,
  folder: string,
  signal: AbortSignal,
): Promise<TrialEnd> {
  const set = trial.overrides.flatMap((override) => ['--set', override]);
  const fixed = ['--pool', 'inline', '--json', '--quiet', '--seed', String(trial.seed), '--out', folder];
  return new Promise((resolve) => {
    let said = '';
    const child = spawn(process.execPath, [ENTRY, 'run', scenarioFile, ...fixed, ...set], {
      // The channel tells the trial when this process is gone, however it went.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const abort = () => child.kill('SIGKILL');
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-KEEP);
    });
    const end = (code: number | null) => {
      signal.removeEventListener('abort', abort);
      resolve({ code, said });
    };
    child.once('error', (error) => {
      said += error.message;
      end(null);
    });
    child.once('close', end);
  });
}
