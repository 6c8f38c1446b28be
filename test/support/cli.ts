/** Runs the real command in a folder of its own and checks how it refuses bad input. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Ended, runCommand, temporaryFolder } from './processes.js';

/** A scenario on the four points of XOR: the quickest to load and to run. Its lines are numbered from 1. */
const xor = `schemaVersion: 1
name: cli-test
seed: 5
data:
  dataset: xor
  partition: { kind: iid, clients: 4 }
model: { kind: mlp, hidden: [3], activation: tanh }
federation:
  rounds: 3
  cohort: { size: 2 }
schedules:
  learningRate: 0.5
  batchSize: 10
pool: { kind: inline }
`;

export interface Workspace {
  readonly folder: string;
  /** Where runs go; not there until one is begun. */
  readonly out: string;
  /** Writes a scenario beside it, with one piece of the text replaced; its path. */
  scenario(from?: string, to?: string): string;
}

/** A folder for one test. */
export function workspace(): Workspace {
  const folder = temporaryFolder();
  return {
    folder,
    out: join(folder, 'out'),
    scenario(from = '', to = '') {
      if (!xor.includes(from)) throw new Error(`the scenario has no ${from}`);
      const path = join(folder, 'a.yaml');
      writeFileSync(path, xor.replace(from, to));
      return path;
    },
  };
}

/** `fedtempo run` of a file into the workspace; environment and options are the caller's. */
export function runIn(
  { out }: Workspace,
  file: string,
  options: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<Ended> {
  return runCommand(['run', file, '--out', out, '--json', ...options], environment);
}

/** One message with what was found and what was expected, no stack, no output, no run begun; the message. */
export function expectRefusal(ended: Ended, { out }: Pick<Workspace, 'out'>, code: string): string {
  const { stdout, stderr } = ended;
  expect({ code: ended.code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.startsWith(`error ${code}: `), stderr).toBe(true);
  expect(stderr.match(/^error /gm)).toHaveLength(1);
  expect(stderr).toMatch(/\n {2}found: {4}\S/);
  expect(stderr).toMatch(/\n {2}expected: \S/);
  expect(stderr).not.toMatch(/\n {4}at |defect of its own|Error:/);
  if (existsSync(out)) expect(readdirSync(out)).toEqual([]);
  return stderr;
}
