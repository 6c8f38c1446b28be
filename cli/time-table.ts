/** The time table of a run as text: what share of the run each thread spent on what. */
import type { ThreadTimes } from '../server/times/time-table.js';
import { activities } from '../shared/times/spans.js';
import { table } from './table.js';

/** A row a thread, a column for each activity that took any time. */
export function timeTable(times: readonly ThreadTimes[]): string {
  const used = [...activities.filter((activity) => times.some((row) => (row[activity] ?? 0) > 0)), 'idle'] as const;
  const rows = times.map((row) => {
    const total = used.reduce((sum, name) => sum + (row[name] ?? 0), 0);
    return [row.thread, ...used.map((name) => share(row[name] ?? 0, total))];
  });
  return table(['time', ...used], rows);
}

function share(ms: number, total: number): string {
  return total === 0 ? '–' : `${((100 * ms) / total).toFixed(1)} %`;
}
