/**
 * Device traces: CSV with titles, a line for each device. This side is pure: it takes the text; who reads the file is
 * the caller's matter. Columns are titled like the keys of a class; those with a default may be missing. `available`
 * holds windows of the day such as `22-6` or `0-7;12.5-13.5`, and may be empty for always.
 */
import { FedtempoError } from '../errors.js';
import type { Window } from './availability.js';
import { type DevicesSpec, MAX_TRACE_CHARACTERS } from './device-spec.js';
import { type Quantities, quantityNames, rangeOf } from './quantities.js';

export interface TraceRow extends Quantities {
  readonly name: string;
  /** Undefined: always available. */
  readonly windows: readonly Window[] | undefined;
}

const WHERE = 'devices.trace';

/** A spec whose trace holds its lines in place of a file's name. @throws FedtempoError DEVICES_INVALID */
export function inlineTrace(spec: DevicesSpec, read: (file: string) => string): DevicesSpec {
  const { trace, ...rest } = spec;
  if (typeof trace !== 'string') return spec;
  try {
    return { ...rest, trace: { csv: read(trace) } };
  } catch (error) {
    if (!(error instanceof FedtempoError)) throw error;
    const { where: _, ...details } = error.details;
    throw new FedtempoError('DEVICES_INVALID', 'the trace cannot be read', { ...details, where: WHERE }, error);
  }
}

/** @throws FedtempoError DEVICES_INVALID with the line */
export function readTrace(csv: string): readonly TraceRow[] {
  if (csv.length > MAX_TRACE_CHARACTERS) {
    throw refuse('the trace is too long', `${csv.length} characters`, `at most ${MAX_TRACE_CHARACTERS}`);
  }
  const lines = csv
    .split(/\r?\n/)
    .map((text, index) => ({ line: index + 1, cells: text.split(',').map((cell) => cell.trim()) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  const [head, ...body] = lines;
  if (head === undefined || body.length === 0) throw refuse('the trace has no devices', 'no lines', 'titles and lines');
  const titles = head.cells;
  const known: readonly string[] = [...quantityNames, 'name', 'available'];
  const foreign = titles.find((title, column) => !known.includes(title) || titles.indexOf(title) !== column);
  if (foreign !== undefined) {
    throw refuse('the trace has an unknown column, or one twice', JSON.stringify(foreign), known.join(', '));
  }
  const missing = quantityNames.find((name) => rangeOf(name).fallback === undefined && !titles.includes(name));
  if (missing !== undefined) throw refuse('the trace lacks a column', titles.join(', '), missing);
  return body.map(({ line, cells }) => {
    if (cells.length !== titles.length) {
      throw refuse('a line has another number of cells', `${cells.length} in line ${line}`, String(titles.length));
    }
    const cellOf = (title: string) => cells[titles.indexOf(title)] as string | undefined;
    const numbers = quantityNames.map((name) => [name, quantityIn(name, cellOf(name), line)]);
    const windows = windowsIn(cellOf('available') ?? '', line);
    return { ...(Object.fromEntries(numbers) as Quantities), name: cellOf('name') ?? `line ${line}`, windows };
  });
}

function quantityIn(name: (typeof quantityNames)[number], cell: string | undefined, line: number): number {
  const { min, max, fallback } = rangeOf(name);
  if (cell === undefined && fallback !== undefined) return fallback;
  const value = Number(cell);
  if (cell !== undefined && cell !== '' && value >= min && value <= max) return value;
  throw refuse(`a cell is no ${name}`, `${JSON.stringify(cell)} in line ${line}`, `a number from ${min} to ${max}`);
}

function windowsIn(cell: string, line: number): Window[] | undefined {
  if (cell === '') return undefined;
  return cell.split(';').map((text) => {
    const found = /^\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*$/.exec(text);
    const [from, to] = [Number(found?.[1]), Number(found?.[2])];
    if (from <= 24 && to <= 24 && from !== to) return [from, to] as const;
    throw refuse(
      'a cell is no list of windows',
      `${JSON.stringify(cell)} in line ${line}`,
      'hours such as 22-6;12-13.5',
    );
  });
}

function refuse(summary: string, found: string, expected: string): FedtempoError {
  return new FedtempoError('DEVICES_INVALID', summary, { where: WHERE, found, expected, fix: 'correct the trace' });
}
