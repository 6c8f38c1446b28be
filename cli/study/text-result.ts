/** The result as a person reads it on a terminal, and as CSV. */
import { conclusionOf } from '../../shared/study/conclusion.js';
import type { StudyResult } from '../../shared/study/result.js';
import type { Interval } from '../../shared/study/statistics.js';
import { table } from '../table.js';
import { rowsOf } from './rows.js';

export function textResult(result: StudyResult): string {
  const first = result.arms[0].label;
  const head = [result.name, 'mean', '95 % interval', 'n', `minus “${first}”`, '95 % interval'];
  const lines = rowsOf(result).flatMap(({ label, rows }) => [
    [label, '', '', '', '', ''],
    ...rows.map(({ arm, result: { interval }, mean, difference }, index) => [
      `  ${arm.label}`,
      mean.mean,
      mean.range,
      String(interval?.n ?? 0),
      index === 0 ? '' : difference.mean,
      index === 0 ? '' : difference.range,
    ]),
  ]);
  return `${table(head, lines)}\n\n${wrap(conclusionOf(result), 100)}`;
}

/** A line for each measure and arm; full precision, shares as 0..1. */
export function csvResult(result: StudyResult): string {
  const interval = (value: Interval | null) =>
    [value?.n ?? 0, value?.mean, value?.sd, value?.low, value?.high].map((cell) => cell ?? '');
  const head =
    'measure,arm,n,mean,sd,low,high,difference_n,difference_mean,difference_sd,difference_low,difference_high';
  const lines = rowsOf(result).flatMap(({ name, rows }) =>
    rows.map(({ arm, result: of }) =>
      [
        name,
        arm.name,
        ...interval(of.interval),
        ...(of.difference === null ? ['', '', '', '', ''] : interval(of.difference)),
      ].join(','),
    ),
  );
  return `${[head, ...lines].join('\n')}\n`;
}

function wrap(text: string, width: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join('\n');
}
