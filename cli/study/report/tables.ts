/** The tables of the page: the result with its differences drawn, and every trial. */
import { stringify } from 'yaml';
import type { StudyResult } from '../../../shared/study/result.js';
import type { Interval } from '../../../shared/study/statistics.js';
import { type MeasureRows, rowsOf } from '../rows.js';
import { swatch } from './figures.js';
import { escapeText } from './html.js';
import { armStyle } from './palette.js';

export function resultTable(result: StudyResult): string {
  const first = escapeText(result.arms[0].label);
  return `<div class="scroll"><table class="result">
<thead><tr><th>measure and arm</th><th>mean</th><th>95 % interval</th><th>trials</th><th>minus “${first}”</th><th>95 % interval</th><th class="picture">difference</th></tr></thead>
${rowsOf(result).map(group).join('\n')}
</table></div>`;
}

function group({ label, rows }: MeasureRows): string {
  const reach = Math.max(
    ...rows.flatMap(({ result: { difference } }) =>
      difference === null ? [0] : [difference.mean, difference.low ?? 0, difference.high ?? 0].map(Math.abs),
    ),
  );
  const lines = rows.map(({ arm, result, mean, difference }, index) => {
    const n = result.interval?.n ?? 0;
    const compared =
      index === 0 ? ['', '', ''] : [difference.mean, difference.range, whisker(result.difference, reach, index)];
    return `<tr><td>${swatch(index)}${escapeText(arm.label)}</td><td>${mean.mean}</td><td>${mean.range}</td><td>${n}</td><td>${compared[0]}</td><td>${compared[1]}</td><td class="picture">${compared[2]}</td></tr>`;
  });
  return `<tbody><tr class="measure"><th colspan="7">${escapeText(label)}</th></tr>${lines.join('')}</tbody>`;
}

/** The interval of a difference on a line whose middle is 0. @param reach the largest distance from 0 in the group */
function whisker(difference: Interval | null, reach: number, index: number): string {
  if (difference === null) return '';
  const at = (value: number) => Math.round((70 + (reach === 0 ? 0 : (62 * value) / reach)) * 10) / 10;
  const { colour } = armStyle(index);
  const { mean, low, high } = difference;
  const line =
    low === null || high === null ? '' : `<path d="M${at(low)} 8H${at(high)}" stroke="${colour}" stroke-width="2"/>`;
  return `<svg class="whisker" viewBox="0 0 140 16" aria-hidden="true"><path d="M70 0V16" stroke="#999"/>${line}<circle cx="${at(mean)}" cy="8" r="3.4" fill="${colour}"/></svg>`;
}

/** What each arm sets, beside the base scenario. */
export function armsTable({ arms }: StudyResult): string {
  const rows = arms.map(({ label, set, rounds, done, diverged, failed, reached }, index) => {
    const values = Object.entries(set).map(
      ([path, value]) => `<code>${escapeText(`${path}: ${asYaml(value)}`)}</code>`,
    );
    const ended = [
      `${done} done`,
      ...(diverged > 0 ? [`${diverged} diverged`] : []),
      ...(failed > 0 ? [`${failed} failed`] : []),
    ];
    const target = reached === null ? '' : `<td>${reached}</td>`;
    return `<tr><td>${swatch(index)}${escapeText(label)}</td><td class="text">${values.join('<br>') || 'the base scenario'}</td><td>${rounds}</td><td>${ended.join(', ')}</td>${target}</tr>`;
  });
  const target = arms[0].reached === null ? '' : '<th>reached the target</th>';
  return `<div class="scroll"><table><thead><tr><th>arm</th><th class="text">what it sets</th><th>rounds</th><th>trials</th>${target}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** A value on one line, as a study file would have it. */
function asYaml(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}

/** The digest of every trial: the same study on another machine must give the same. */
export function trialsTable({ arms, seeds, trials }: StudyResult): string {
  const cell = (arm: string, seed: number) => {
    const trial = trials.find((candidate) => candidate.arm === arm && candidate.seed === seed);
    if (trial?.digest == null) return '<td>failed</td>';
    return `<td><code title="${trial.digest}">${trial.digest.slice(0, 16)}</code>${trial.outcome === 'diverged' ? ' diverged' : ''}</td>`;
  };
  const rows = arms.map(
    ({ name, label }, index) =>
      `<tr><td>${swatch(index)}${escapeText(label)}</td>${seeds.map((seed) => cell(name, seed)).join('')}</tr>`,
  );
  const head = seeds.map((seed) => `<th>seed ${seed}</th>`).join('');
  return `<div class="scroll"><table class="trials"><thead><tr><th>arm</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
