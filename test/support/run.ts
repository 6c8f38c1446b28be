/** Runs scenarios in this very process, for tests of what a run does rather than of the command. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLog } from 'fedtempo/cli/log.js';
import { silentProgress } from 'fedtempo/cli/progress.js';
import { runScenario } from 'fedtempo/cli/run-scenario.js';
import type { ClientRecord, RoundRecord, Summary } from 'fedtempo/server/store/records.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { temporaryFolder } from './processes.js';

export interface Ran {
  readonly summary: Summary;
  readonly rounds: RoundRecord[];
  readonly clients: ClientRecord[];
}

/** Runs a scenario's text with overrides; the run directory is gone when the test is over. */
export async function runText(text: string, overrides: readonly string[] = []): Promise<Ran> {
  const out = temporaryFolder();
  const [{ scenario }] = loadScenarios(text, 'test.yaml', overrides);
  const { summary } = await runScenario({
    scenario,
    folder: '.',
    out,
    kernels: 'auto',
    progress: silentProgress,
    log: createLog('silent'),
    signal: new AbortController().signal,
    profile: false,
  });
  const lines = (file: string) =>
    readFileSync(join(summary.directory, file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  return { summary, rounds: lines('rounds.jsonl'), clients: lines('clients.jsonl') };
}
