/** Reads scenario files from disk and gives errors that arise later the line on which their key stands. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { FedtempoError, messageOf } from '../shared/errors.js';
import { loadScenarios } from '../shared/scenario/load.js';
import type { Locate, Scenario } from '../shared/scenario/scenario.js';
import { MAX_SCENARIO_CHARACTERS } from '../shared/scenario/source.js';

/** Larger tables are refused before they are read. */
const MAX_TABLE_BYTES = 32 * 1024 * 1024;

export interface ScenarioFile {
  /** The base run, then its variants. */
  readonly runs: readonly { readonly scenario: Scenario; readonly locate: Locate }[];
  /** Folder against which relative paths in the scenario resolve. */
  readonly folder: string;
}

/** @throws FedtempoError for a file that is missing or not a scenario */
export function openScenario(file: string, overrides: readonly string[]): ScenarioFile {
  const folder = resolve(dirname(file));
  const readTable = (name: string) => readCsv(resolve(folder, name), name);
  return { runs: loadScenarios(readText(file), file, overrides, readTable), folder };
}

/** @throws FedtempoError SCENARIO_MISSING */
export function readText(file: string): string {
  let size: number;
  try {
    ({ size } = statSync(file));
    // A character has at most 4 bytes; the text itself is measured when it is read. This keeps a huge file out of memory.
    if (size <= 4 * MAX_SCENARIO_CHARACTERS) return readFileSync(file, 'utf8');
  } catch (error) {
    throw new FedtempoError('SCENARIO_MISSING', 'the scenario cannot be read', {
      where: file,
      found: messageOf(error),
      expected: 'a scenario file (YAML or JSON)',
      fix: 'check the path; the repository has examples in scenarios/',
    });
  }
  throw new FedtempoError('SCENARIO_TOO_LARGE', 'the file is too large', {
    where: file,
    found: `${size} bytes`,
    expected: `at most ${MAX_SCENARIO_CHARACTERS} characters`,
  });
}

/** A table of a schedule, from beside the scenario. */
function readCsv(file: string, name: string): string {
  try {
    const { size } = statSync(file);
    if (size > MAX_TABLE_BYTES) throw new Error(`${size} bytes, at most ${MAX_TABLE_BYTES}`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new FedtempoError('SCHEDULE_INVALID', 'a table cannot be read', {
      where: name,
      found: messageOf(error),
      expected: 'a CSV file, its path relative to the scenario',
      fix: 'check the path',
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
    if (where === undefined || !/^(data|model|federation|schedules|devices|pool)(\.\w+)*$/.test(where)) throw error;
    throw new FedtempoError(error.code, error.summary, { ...error.details, where: locate(where) }, error);
  }
}
