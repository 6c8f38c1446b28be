/**
 * Small multiples as one SVG text: a panel for each value that changes, all over the same rounds. Plain shapes, system
 * fonts, a light ground; numbers are rounded to a hundredth of a pixel, so that the same schedules give the same bytes.
 */
import { label, type Pictured, type Series } from './series.js';
import { type Axis, roundAxis, valueAxis } from './ticks.js';

export interface SvgOptions {
  readonly title?: string | undefined;
  /** Panels side by side. Default: 1 to 3 by their number. */
  readonly columns?: number | undefined;
  readonly panelWidth?: number | undefined;
  readonly panelHeight?: number | undefined;
}

const INK = '#1c2430';
const MUTED = '#5d6875';
const GRID = '#e6e9ed';
const CURVE = '#1f6fb2';
const FONT = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif";

/** Room in a panel around the curve. */
const LEFT = 58;
const RIGHT = 18;
const TOP = 30;
const BOTTOM = 44;
const MARGIN = 14;
/** Rounds up to which each round's value has a dot of its own. */
const DOTS = 24;

interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export function smallMultiples({ rounds, changing, constant }: Pictured, options: SvgOptions = {}): string {
  const columns = Math.max(1, options.columns ?? (changing.length <= 1 ? 1 : changing.length <= 4 ? 2 : 3));
  const { panelWidth = columns === 1 ? 560 : columns === 2 ? 420 : 340, panelHeight = columns === 1 ? 300 : 220 } =
    options;
  const notes = constant.length > 0 ? wrap(`Constant: ${constant.join(', ')}`, (columns * panelWidth) / 6.2) : [];
  const header = (options.title === undefined ? 0 : 26) + notes.length * 16 + (options.title || notes.length ? 10 : 0);
  const rows = Math.ceil(changing.length / columns);
  const width = 2 * MARGIN + columns * panelWidth;
  const height = 2 * MARGIN + header + rows * panelHeight;
  const xAxis = roundAxis(rounds, columns === 1 ? 8 : 5);
  const panels = changing.map((series, index) => {
    const place: Place = {
      x: MARGIN + (index % columns) * panelWidth + LEFT,
      y: MARGIN + header + Math.floor(index / columns) * panelHeight + TOP,
      width: panelWidth - LEFT - RIGHT,
      height: panelHeight - TOP - BOTTOM,
    };
    return panel(series, place, xAxis);
  });
  const title = options.title === undefined ? [] : [text(MARGIN + 4, MARGIN + 16, options.title, 'class="title"')];
  const under = notes.map((line, index) =>
    text(MARGIN + 4, MARGIN + (options.title === undefined ? 12 : 36) + index * 16, line, 'class="note"'),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(options.title ?? changing.map((series) => series.title).join(', '))}</title>`,
    `<style>text{font-family:${FONT};font-size:11px;fill:${MUTED}}.title{font-size:16px;font-weight:600;fill:${INK}}` +
      `.note{font-size:12px}.name{font-size:13px;font-weight:600;fill:${INK}}.symbol{font-weight:400;font-style:italic;fill:${MUTED}}` +
      `.grid{stroke:${GRID}}.axis{stroke:#9aa4af}.curve{fill:none;stroke:${CURVE};stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}` +
      `.area{fill:${CURVE};fill-opacity:.07}.dot{fill:${CURVE}}</style>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...title,
    ...under,
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

function panel(series: Series, place: Place, xAxis: Axis): string {
  const yAxis = valueAxis(series.y, place.height > 200 ? 6 : 4);
  const px = (x: number) => place.x + ((x - xAxis.min) / (xAxis.max - xAxis.min)) * place.width;
  const py = (y: number) => place.y + place.height - ((y - yAxis.min) / (yAxis.max - yAxis.min)) * place.height;
  const bottom = place.y + place.height;
  const right = place.x + place.width;
  const grid = yAxis.ticks.map((tick) => {
    const y = py(tick);
    const line = `<line class="${tick === yAxis.min ? 'axis' : 'grid'}" x1="${n(place.x)}" y1="${n(y)}" x2="${n(right)}" y2="${n(y)}"/>`;
    return line + text(place.x - 8, y + 3.8, label(tick), 'text-anchor="end"');
  });
  const below = xAxis.ticks.map((tick) => {
    const x = px(tick);
    const mark = `<line class="axis" x1="${n(x)}" y1="${n(bottom)}" x2="${n(x)}" y2="${n(bottom + 4)}"/>`;
    return mark + text(x, bottom + 16, label(tick), 'text-anchor="middle"');
  });
  const path = curve(series, px, py);
  const dots =
    series.held && series.x.length <= DOTS
      ? series.x.map((x, index) => `<circle class="dot" cx="${n(px(x))}" cy="${n(py(series.y[index]))}" r="2.4"/>`)
      : [];
  const known = series.title.split(' ').includes(series.symbol);
  const symbol = known ? '' : `<tspan class="symbol" dx="6">${escaped(series.symbol)}</tspan>`;
  return [
    '<g>',
    `<text x="${n(place.x - LEFT + 8)}" y="${n(place.y - 13)}" class="name">${escaped(series.title)}${symbol}</text>`,
    ...grid,
    ...below,
    text(place.x + place.width / 2, bottom + 33, 'round', 'text-anchor="middle"'),
    `<path class="area" d="${path}V${n(bottom)}H${n(px(series.x[0]))}Z"/>`,
    `<path class="curve" d="${path}"/>`,
    ...dots,
    '</g>',
  ].join('\n');
}

/** Held values as steps, others as a line; points that lie on the way are left out. */
function curve({ x, y, held, end }: Series, px: (x: number) => number, py: (y: number) => number): string {
  let path = `M${n(px(x[0]))} ${n(py(y[0]))}`;
  if (held) {
    for (let index = 1; index < x.length; index++) {
      if (y[index] !== y[index - 1]) path += `H${n(px(x[index]))}V${n(py(y[index]))}`;
    }
    return `${path}H${n(px(end))}`;
  }
  for (let index = 1; index < x.length; index++) path += `L${n(px(x[index]))} ${n(py(y[index]))}`;
  return path;
}

/** A coordinate with at most two decimals. */
function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${n(x)}" y="${n(y)}" ${attributes}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

/** Lines of at most so many characters, broken between items. */
function wrap(content: string, width: number): string[] {
  const lines = [''];
  for (const word of content.split(/(?<=,) /)) {
    const last = lines[lines.length - 1];
    if (last !== '' && last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}
