/** Runs that are killed on their way: the real command, ended with SIGKILL after so many of its rounds. */
import { join } from 'node:path';
import { readLines, startCommand } from './processes.js';

/**
 * Starts the command and kills it once it has logged `rounds` rounds; it dies wherever it is by then. Undefined if it
 * ended before, else the run directory.
 *
 * @param args without those for output
 * @param rounds 0: as soon as the run starts
 */
export async function killAfter(args: readonly string[], rounds: number): Promise<string | undefined> {
  const { child, ended } = startCommand([...args, '--quiet', '--log-level', 'debug']);
  let log = '';
  child.stderr?.on('data', (text: string) => {
    log += text;
    if (log.includes('"run starts"') && log.split('"round done"').length > rounds) child.kill('SIGKILL');
  });
  const { code, signal, stderr } = await ended;
  if (signal === 'SIGKILL') return /"directory":("[^"]*")/.exec(log)?.[1].slice(1, -1);
  if (code !== 0) throw new Error(stderr);
  return undefined;
}

/** What of the records must be the same, however often the run was interrupted. */
export function recordsOf(directory: string) {
  return {
    rounds: readLines(join(directory, 'rounds.jsonl')).map(({ ms: _, ...rest }) => rest),
    clients: readLines(join(directory, 'clients.jsonl')).map(({ trainMs: _, worker: __, ...rest }) => rest),
  };
}
