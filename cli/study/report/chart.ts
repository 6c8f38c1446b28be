/** One chart as an SVG picture: lines with bands, drawn from the very figures of the result. No script, prints as it is. */

import { escapeText } from './html.js';
import type { ArmStyle } from './palette.js';
import { linearScale, type Scale, tickText } from './scale.js';

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** Ends of the band; null without one. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface ChartLine {
  readonly label: string;
  readonly style: ArmStyle;
  readonly points: readonly ChartPoint[];
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly xHigh: number;
  readonly y: Scale;
  readonly lines: readonly ChartLine[];
  /** Values held from the end of one point to the next, as scheduled values are. */
  readonly stepped: boolean;
  readonly height: number;
  /** A name that no other chart of the page has. */
  readonly id: string;
}

const WIDTH = 380;
const MARGIN = { left: 50, right: 12, top: 30, bottom: 38 };

export function drawChart({ title, xLabel, xHigh, y, lines, stepped, height, id }: Chart): string {
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
  const x = linearScale(0, xHigh, 5);
  const across = (value: number) => round(left + x.at(value) * (right - left));
  const down = (value: number) => round(bottom - Math.min(1.5, Math.max(-0.5, y.at(value))) * (bottom - top));

  const grid = y.ticks.map((tick) => {
    const at = down(tick);
    return `<path class="grid" d="M${left} ${at}H${right}"/><text x="${left - 6}" y="${at + 4}" text-anchor="end">${tickText(tick)}</text>`;
  });
  const below = x.ticks.map((tick) => {
    const at = across(tick);
    return `<path class="tick" d="M${at} ${bottom}v4"/><text x="${at}" y="${bottom + 16}" text-anchor="middle">${tickText(tick)}</text>`;
  });
  const bands = lines.map(({ points, style }) => {
    const banded = points.filter(({ low, high }) => low !== null && high !== null && high > low);
    if (banded.length < 2) return '';
    const upper = banded.map((point) => `${across(point.x)} ${down(point.high as number)}`);
    const lower = banded.map((point) => `${across(point.x)} ${down(point.low as number)}`).reverse();
    return `<path d="M${[...upper, ...lower].join('L')}Z" fill="${style.colour}" fill-opacity="0.17"/>`;
  });
  const curves = lines.map(({ points, style }) => {
    const dash = style.dash === '' ? '' : ` stroke-dasharray="${style.dash}"`;
    const path = stepped ? steps(points, across, down) : points.map((p) => `${across(p.x)} ${down(p.y)}`).join('L');
    return path === '' ? '' : `<path class="line" d="M${path}" stroke="${style.colour}"${dash}/>`;
  });
  // Where an arm ends: it may have used fewer steps or examples than the others.
  const ends = lines.flatMap(({ points, style }) => {
    const last = stepped ? undefined : points.at(-1);
    return last === undefined
      ? []
      : [`<circle cx="${across(last.x)}" cy="${down(last.y)}" r="2.6" fill="${style.colour}"/>`];
  });
  const scale = y.logarithmic ? ' <tspan class="hint">logarithmic</tspan>' : '';
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeText(title)} against ${escapeText(xLabel)}">
<text class="title" x="${left - 40}" y="16">${escapeText(title)}${scale}</text>
${grid.join('')}${below.join('')}
<clipPath id="${id}"><rect x="${left}" y="${top - 2}" width="${right - left + 4}" height="${bottom - top + 4}"/></clipPath>
<g clip-path="url(#${id})">${bands.join('')}${curves.join('')}${ends.join('')}</g>
<path class="axis" d="M${left} ${bottom}H${right}"/>
<text x="${(left + right) / 2}" y="${height - 5}" text-anchor="middle">${escapeText(xLabel)}</text>
</svg>`;
}

/** A staircase: each value stands over the stretch that it was used for, which ends at its point. */
function steps(
  points: readonly ChartPoint[],
  across: (value: number) => number,
  down: (value: number) => number,
): string {
  let from = 0;
  const corners: string[] = [];
  for (const { x, y } of points) {
    corners.push(`${across(from)} ${down(y)}`, `${across(x)} ${down(y)}`);
    from = x;
  }
  return corners.join('L');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
