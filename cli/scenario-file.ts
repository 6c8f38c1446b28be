/** Reads scenario files from disk and gives errors that arise later the line on which their key stands. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { FedtempoError, messageOf } from '../shared/errors.js';
import { loadScenarios } from '../shared/scenario/load.js';
import type { Locate, Scenario } from '../shared/scenario/scenario.js';
import { MAX_SCENARIO_BYTES } from '../shared/scenario/source.js';

export interface ScenarioFile {
  /** The base run, then its variants. */
  readonly runs: readonly { readonly scenario: Scenario; readonly locate: Locate }[];
  /** Folder against which relative paths in the scenario resolve. */
  readonly folder: string;
}

/** @throws FedtempoError for a file that is missing or not a scenario */
export function openScenario(file: string, overrides: readonly string[]): ScenarioFile {
  return { runs: loadScenarios(readText(file), file, overrides), folder: resolve(dirname(file)) };
}

/** @throws FedtempoError SCENARIO_MISSING */
export function readText(file: string): string {
  try {
    const { size } = statSync(file);
    // The size is checked again on the text; this keeps a huge file out of memory.
    return size > 4 * MAX_SCENARIO_BYTES ? ' '.repeat(MAX_SCENARIO_BYTES + 1) : readFileSync(file, 'utf8');
  } catch (error) {
    throw new FedtempoError('SCENARIO_MISSING', 'the scenario cannot be read', {
      where: file,
      found: messageOf(error),
      expected: 'a scenario file (YAML or JSON)',
      fix: 'check the path; the repository has examples in scenarios/',
    });
  }
}

/** Runs `work`; an error whose place is a scenario path is given its file and line. */
export async function locating<T>(locate: Locate, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FedtempoError)) throw error;
    const { where } = error.details;
    if (where === undefined || !/^(data|model|federation|schedules|pool)(\.\w+)*$/.test(where)) throw error;
    throw new FedtempoError(error.code, error.summary, { ...error.details, where: locate(where) }, error);
  }
}
