/**
 * Trials as ordinary run directories: `runs/<arm>-<seed>-<key>/<run directory>/`.
 *
 * A run writes its summary last and in one step (write, fsync, rename), so a directory with a summary is whole and one
 * without is not: killing a study at any moment needs no other record. Renaming an arm keeps its trials.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Scenario } from '../../shared/scenario/scenario.js';
import type { TrialRound } from '../../shared/study/measures.js';
import type { Outcome, Summary } from '../store/records.js';
import { trialKey } from './trial-key.js';
import type { FinishedTrial, TrialId, TrialStore } from './trial-store.js';

/** A trial that diverged would diverge again: it is finished too. */
const FINISHED: readonly Outcome[] = ['target', 'rounds', 'diverged'];

export class FileTrialStore implements TrialStore {
  readonly #runs: string;

  /** @param folder of the study */
  constructor(folder: string) {
    this.#runs = join(folder, 'runs');
    mkdirSync(this.#runs, { recursive: true });
  }

  find(id: TrialId): FinishedTrial | undefined {
    for (const folder of this.#foldersOf(id)) {
      for (const run of readdirSync(folder)) {
        const finished = readTrial(join(folder, run), id.key);
        if (finished !== undefined) return finished;
      }
    }
    return undefined;
  }

  prepare(id: TrialId): string {
    for (const folder of this.#foldersOf(id)) rmSync(folder, { recursive: true, force: true });
    const folder = join(this.#runs, `${id.arm}-${id.seed}-${id.key}`);
    mkdirSync(folder);
    return folder;
  }

  #foldersOf({ key }: TrialId): string[] {
    return readdirSync(this.#runs)
      .filter((name) => name.endsWith(`-${key}`))
      .map((name) => join(this.#runs, name));
  }
}

/** The trial in a run directory; undefined if it is unfinished, damaged or another one. */
function readTrial(directory: string, key: string): FinishedTrial | undefined {
  try {
    const read = (name: string) => readFileSync(join(directory, name), 'utf8');
    const summary = JSON.parse(read('summary.json')) as Summary;
    const manifest = JSON.parse(read('manifest.json')) as { version: string; dataset: { digest: string } };
    const scenario = parse(read('scenario.yaml')) as Scenario;
    const found = trialKey({ scenario, datasetDigest: manifest.dataset.digest, version: manifest.version });
    if (!FINISHED.includes(summary.outcome) || found !== key) return undefined;
    const lines = read('rounds.jsonl').trimEnd();
    const rounds = lines === '' ? [] : lines.split('\n').map((line) => JSON.parse(line) as TrialRound);
    return rounds.length === summary.rounds ? { summary, rounds } : undefined;
  } catch {
    return undefined;
  }
}
