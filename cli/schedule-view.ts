/** Scheduled values as rows, and rows as a table, JSON lines or CSV; the plots of what changes. */
import { braillePlot } from '../shared/plot/braille.js';
import { picture } from '../shared/plot/series.js';
import { spread } from '../shared/schedule/check.js';
import { type HyperparameterName, hyperparameters } from '../shared/schedule/names.js';
import type { RunPlan } from '../shared/schedule/run-plan.js';
import { short, table } from './table.js';

/** Rounds that a table shows unless all are asked for. */
export const SHOWN = 21;

/** The values of one round; `step` counts local steps from the start of the run, where a schedule does. */
export type Row = { readonly round: number; readonly step?: number } & {
  readonly [name: string]: number | 'full' | undefined;
};

export function rowsOf(plan: RunPlan, all: boolean): Row[] {
  const { rounds } = plan.totals;
  return (all ? Array.from({ length: rounds }, (_, round) => round) : spread(rounds, SHOWN)).map((round) =>
    rowAt(plan, round),
  );
}

export function rowAt(plan: RunPlan, round: number, localStep = 0): Row {
  const { names, unitOf } = plan.resolver;
  const values = names.map((name) => [name, plan.along(name, round)(localStep)]);
  const step = names.some((name) => unitOf(name) === 'step') ? { step: plan.progressAt(round).step + localStep } : {};
  return { round, ...step, ...Object.fromEntries(values) };
}

export function jsonOf(rows: readonly Row[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

export function csvOf(rows: readonly Row[]): string {
  const keys = Object.keys(rows[0]);
  return [keys.join(','), ...rows.map((row) => keys.map((key) => String(row[key])).join(',')), ''].join('\n');
}

export function tableOf(rows: readonly Row[]): string {
  const keys = Object.keys(rows[0]);
  const titleOf = (key: string) => (key in hyperparameters ? hyperparameters[key as HyperparameterName].title : key);
  const cell = (value: number | 'full' | undefined) => (typeof value === 'number' ? short(value) : String(value));
  return table(
    keys.map(titleOf),
    rows.map((row) => keys.map((key) => cell(row[key]))),
  );
}

/** One plot under the other, as wide as the terminal allows. */
export function plotOf(plan: RunPlan, columns: number): string {
  const { changing, rounds } = picture(plan);
  const width = Math.max(20, Math.min(72, columns - 14));
  return changing.map((series) => `\n${braillePlot(series, rounds, width)}\n`).join('');
}
