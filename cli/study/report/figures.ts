/** The figures of the page: scheduled values above, curves below, once for each way to count progress. */

import {
  type CurvePoint,
  curveOf,
  type ProgressUnit,
  progressUnits,
  scheduledFields,
} from '../../../shared/study/curves.js';
import type { StudyResult, TrialRecord } from '../../../shared/study/result.js';
import { type ChartLine, drawChart } from './chart.js';
import { escapeText } from './html.js';
import { armStyle } from './palette.js';
import { linearScale, type Scale, valueScale } from './scale.js';

export const unitLabels: Record<ProgressUnit, string> = {
  rounds: 'rounds',
  examples: 'examples used, all clients',
  steps: 'local steps, all clients',
};

const CURVES = [
  { field: 'testAccuracy', title: 'Test accuracy, %', factor: 100 },
  { field: 'testLoss', title: 'Test loss', factor: 1 },
  { field: 'trainLoss', title: 'Training loss', factor: 1 },
] as const;

const SCHEDULE_TITLES: Record<string, string> = {
  learningRate: 'Learning rate η',
  batchSize: 'Batch size B, examples',
  localEpochs: 'Local epochs E',
  localSteps: 'Local steps a client',
  noiseScale: 'SGD noise scale ηN/B',
};

/** A quantity of all arms: the curve of each, and the axis that they share. */
interface Quantity {
  readonly title: string;
  readonly factor: number;
  readonly scale: Scale;
  readonly curves: readonly (readonly CurvePoint[])[];
}

export function figures(result: StudyResult, records: readonly TrialRecord[]): string {
  const trials = result.arms.map(({ name }) =>
    records.filter(({ arm, outcome }) => arm === name && outcome === 'done').map(({ rounds }) => rounds),
  );
  const quantity = (field: string, title: string, factor: number, scaleOf: (curves: CurvePoint[][]) => Scale) => {
    const curves = trials.map((ofArm) => curveOf(ofArm, field));
    return { title, factor, curves, scale: scaleOf(curves) };
  };
  const scheduled = scheduledFields(trials).map((field) =>
    quantity(field, SCHEDULE_TITLES[field] ?? spaced(field), 1, (curves) => extent(curves, 1)),
  );
  const learned = CURVES.map(({ field, title, factor }) =>
    quantity(field, title, factor, (curves) => (field === 'testAccuracy' ? upper(curves) : extent(curves, factor))),
  ).filter(({ curves }) => curves.some((curve) => curve.length > 0));

  const legend = result.arms.map(({ label }, index) => `<li>${swatch(index)}${escapeText(label)}</li>`).join('');
  const sections = progressUnits.map((unit) => {
    const draw = (list: readonly Quantity[], stepped: boolean, height: number) =>
      list
        .map((one, index) => chart(one, unit, result, stepped, height, `${unit}-${stepped ? 's' : 'c'}${index}`))
        .join('\n');
    const above = scheduled.length === 0 ? '' : `<div class="charts">${draw(scheduled, true, 170)}</div>`;
    return `<div class="by by-${unit}">${above}<div class="charts">${draw(learned, false, 270)}</div></div>`;
  });
  return `<ul class="legend">${legend}</ul>\n${sections.join('\n')}`;
}

/** A short piece of an arm's line, for legends and tables. */
export function swatch(index: number): string {
  const { colour, dash } = armStyle(index);
  const dashes = dash === '' ? '' : ` stroke-dasharray="${dash}"`;
  return `<svg class="swatch" viewBox="0 0 26 8" aria-hidden="true"><path d="M0 4H26" stroke="${colour}" stroke-width="2.5"${dashes}/></svg>`;
}

function chart(
  { title, factor, scale, curves }: Quantity,
  unit: ProgressUnit,
  { arms }: StudyResult,
  stepped: boolean,
  height: number,
  id: string,
): string {
  const lines = curves.map((curve, index): ChartLine => {
    const points = curve.map(({ value: { mean, low, high }, ...progress }) => ({
      x: progress[unit],
      y: mean * factor,
      low: low === null ? null : low * factor,
      high: high === null ? null : high * factor,
    }));
    return { label: arms[index].label, style: armStyle(index), points };
  });
  const xHigh = Math.max(1, ...lines.flatMap(({ points }) => points.map(({ x }) => x)));
  return `<figure>${drawChart({ title, xLabel: unitLabels[unit], xHigh, y: scale, lines, stepped, height, id })}</figure>`;
}

/** From the least to the greatest mean. A band may leave the axis. */
function extent(curves: readonly (readonly CurvePoint[])[], factor: number): Scale {
  const means = curves.flatMap((curve) => curve.map(({ value }) => value.mean * factor));
  return means.length === 0 ? linearScale(0, 1, 4) : valueScale(Math.min(...means), Math.max(...means), 5);
}

/** Accuracy in per cent, without the steep rise of the first tenth of a run: what arms differ in comes after it. */
function upper(curves: readonly (readonly CurvePoint[])[]): Scale {
  const all = curves.flatMap((curve) => curve.map(({ value }) => 100 * value.mean));
  const late = curves.flatMap((curve) =>
    curve.slice(Math.floor(curve.length / 10)).map(({ value }) => 100 * value.mean),
  );
  if (all.length === 0) return linearScale(0, 100, 4);
  const [low, greatest] = [Math.min(...late), Math.max(...all)];
  const pad = Math.max((greatest - low) * 0.06, 0.05);
  // Room for the band, but not for one that two seeds make as wide as the axis.
  const bands = curves.flatMap((curve) => curve.map(({ value }) => 100 * (value.high ?? value.mean)));
  const high = Math.min(Math.max(...bands), greatest + 4 * pad);
  return linearScale(Math.max(0, low - pad), Math.min(100, high + pad), 6);
}

/** `clipNorm` → `Clip norm`. */
function spaced(field: string): string {
  const words = field.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words[0].toUpperCase() + words.slice(1);
}
