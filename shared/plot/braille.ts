/** A series as lines of braille characters: each is two dots wide and four high, so a terminal shows a curve. */
import { label, type Series, valueAt } from './series.js';
import { roundAxis, valueAxis } from './ticks.js';

/** The bit of each dot of a braille character, by column and row. */
const BITS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];

/** @param width of the curve in characters, without the labels at its left */
export function braillePlot(series: Series, rounds: number, width = 60, height = 9): string {
  // A tick every second line at most, so that no two share one.
  const axis = valueAxis(series.y, Math.max(1, Math.floor((height - 1) / 2)));
  const [columns, rows] = [2 * width, 4 * height];
  const cells = Array.from({ length: height }, () => new Array<number>(width).fill(0));
  const rowOf = (value: number) => Math.round(((axis.max - value) / (axis.max - axis.min)) * (rows - 1));
  const set = (column: number, row: number) => {
    cells[row >> 2][column >> 1] |= BITS[column & 1][row & 3];
  };
  let before = rowOf(series.y[0]);
  for (let column = 0; column < columns; column++) {
    const row = rowOf(valueAt(series, ((column + 0.5) / columns) * rounds));
    // A jump is drawn as the line between its ends.
    const [from, to] = row > before ? [before + 1, row] : row < before ? [row, before - 1] : [row, row];
    for (let each = from; each <= to; each++) set(column, each);
    before = row;
  }
  const labels = new Map(axis.ticks.map((tick) => [rowOf(tick) >> 2, label(tick)]));
  const gutter = Math.max(...[...labels.values()].map((each) => each.length));
  const lines = cells.map((row, index) => {
    const tick = labels.get(index);
    const curve = String.fromCharCode(...row.map((bits) => 0x2800 + bits));
    return `${(tick ?? '').padStart(gutter)} ${tick === undefined ? '│' : '┤'}${curve}`;
  });
  const title = `${' '.repeat(gutter + 2)}${series.title}`;
  return [title, ...lines, ...roundScale(rounds, width, gutter)].join('\n');
}

/** The axis of rounds and the numbers under it. */
function roundScale(rounds: number, width: number, gutter: number): string[] {
  const line = new Array<string>(width).fill('─');
  const numbers = new Array<string>(width + 8).fill(' ');
  for (const tick of roundAxis(rounds, Math.max(2, Math.floor(width / 12))).ticks) {
    const at = Math.min(width - 1, Math.round((tick / rounds) * width));
    line[at] = '┬';
    [...label(tick)].forEach((digit, index) => {
      numbers[at + index] = digit;
    });
  }
  const margin = ' '.repeat(gutter + 1);
  return [`${margin}└${line.join('')}`, `${margin} ${numbers.join('').trimEnd()}`];
}
