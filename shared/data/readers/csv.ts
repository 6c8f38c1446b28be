/**
 * CSV (RFC 4180, UTF-8): a header line, a label column that is named, and every other column a feature.
 *
 * Nothing is guessed: cells are separated by commas, a feature is a finite decimal number, a label is a whole number or
 * one of the names that the caller lists. Blank lines are passed over; a missing cell is an error, not a zero.
 */
import { strFromU8 } from 'fflate';
import papa from 'papaparse';
import { MAX_WIDTH } from '../../model/model.js';
import { isLabel, type Table, unsound, WHOLE_LABEL } from './table.js';

/** The largest CSV text, 256 MiB: engines hold no string much longer. MNIST's training set takes 110 MB. */
export const MAX_CSV_BYTES = 2 ** 28;

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** Column names that an error lists. */
const LISTED = 20;

export interface CsvOptions {
  /** The name of the label column. */
  readonly label?: string | undefined;
  /** Names of the classes 0, 1, … where labels are texts. Default: labels are whole numbers from 0. */
  readonly names?: readonly string[] | undefined;
  /** What every feature is divided by, before it is rounded to float32. Default 1. */
  readonly scale?: number | undefined;
}

/** The header, once it is sound. */
interface Columns {
  readonly names: readonly string[];
  /** Place of the label column. */
  readonly label: number;
}

/**
 * @param where what an error calls the source, such as the file's path
 * @throws FedtempoError DATASET_INVALID, naming line and column
 */
export function readCsv(bytes: Uint8Array, where: string, { label, names, scale = 1 }: CsvOptions): Table {
  const text = decode(bytes, where);
  const classes = names && new Map(names.map((name, index) => [name, index]));
  const labels: number[] = [];
  let columns: Columns | undefined;
  let features = new Float32Array(0);
  let filled = 0;
  let next = 1;
  papa.parse(text, {
    delimiter: ',',
    step: ({ data: cells, errors }) => {
      const line = next;
      next += 1 + cells.reduce((sum, cell) => sum + lineBreaks(cell), 0);
      const at = `${where}:${line}`;
      if (errors.length > 0) throw badQuotes(at, errors[0].message);
      if (cells.length === 1 && cells[0].trim() === '') return;
      if (columns === undefined) {
        columns = readHeader(cells, at, label);
        return;
      }
      if (cells.length !== columns.names.length) throw otherLength(at, cells.length, columns.names.length);
      const featureCount = cells.length - 1;
      if (filled + featureCount > features.length) features = grown(features, filled + featureCount);
      for (let column = 0; column < cells.length; column++) {
        const cell = cells[column].trim();
        const place = () => `${at}: ${columns?.names[column]}`;
        if (column === columns.label) labels.push(readLabel(cell, classes, place));
        else features[filled++] = readNumber(cell, scale, place);
      }
    },
  });
  if (columns === undefined) throw empty(where, 'no header');
  if (labels.length === 0) throw empty(where, 'a header without examples');
  return {
    featureCount: (columns as Columns).names.length - 1,
    features: features.slice(0, filled),
    labels: Int32Array.from(labels),
  };
}

function decode(bytes: Uint8Array, where: string): string {
  if (bytes.length > MAX_CSV_BYTES) {
    const fix = 'save the data as .npz, which takes less, or leave out examples';
    throw unsound(where, 'the CSV file is too large', `${bytes.length} bytes`, `at most ${MAX_CSV_BYTES} bytes`, fix);
  }
  // A copy: what decodes may refuse memory that threads share.
  const text = strFromU8(bytes.slice());
  const bad = text.indexOf('\ufffd');
  if (bad < 0) return text;
  const line = 1 + lineBreaks(text.slice(0, bad));
  const fix = 'save the file as UTF-8';
  throw unsound(`${where}:${line}`, 'the file is not UTF-8', 'bytes that are no character', 'UTF-8 text', fix);
}

function readHeader(cells: readonly string[], at: string, label: string | undefined): Columns {
  const names = cells.map((cell) => cell.trim());
  const listed = `${names.slice(0, LISTED).join(', ')}${names.length > LISTED ? `, … (${names.length} columns)` : ''}`;
  if (label === undefined) {
    throw unsound(at, 'a CSV file needs the name of its label column', 'no label', listed, 'name one of the columns');
  }
  const place = names.indexOf(label);
  if (place < 0) {
    const fix = 'name one of the columns, which are separated by commas';
    throw unsound(at, 'the label column is not in the header', label, listed, fix);
  }
  if (names.lastIndexOf(label) !== place) {
    throw unsound(at, 'two columns have the name of the label', label, 'one column of this name', 'rename a column');
  }
  const unnamed = names.indexOf('');
  if (unnamed >= 0) {
    const fix = 'give it a name; if it only counts the rows, save without it (pandas: to_csv(..., index=False))';
    throw unsound(at, 'a column has no name', `column ${unnamed + 1}`, 'a name for every column', fix);
  }
  if (names.length < 2 || names.length - 1 > MAX_WIDTH) {
    const expected = `1 to ${MAX_WIDTH} columns beside the label`;
    throw unsound(at, 'the columns do not serve', `${names.length - 1}`, expected, 'add or remove feature columns');
  }
  return { names, label: place };
}

function readLabel(cell: string, classes: ReadonlyMap<string, number> | undefined, place: () => string): number {
  if (classes !== undefined) {
    const label = classes.get(cell);
    if (label !== undefined) return label;
    const expected = [...classes.keys()].slice(0, LISTED).join(', ');
    throw unsound(place(), 'a label that is no class', short(cell), expected, 'mend the label, or list its class');
  }
  const label = DECIMAL.test(cell) ? Number(cell) : Number.NaN;
  if (isLabel(label)) return label;
  const fix = 'number the classes from 0, or give their names';
  throw unsound(place(), 'a label is no whole number from 0', short(cell), WHOLE_LABEL, fix);
}

function readNumber(cell: string, scale: number, place: () => string): number {
  const value = DECIMAL.test(cell) ? Math.fround(Number(cell) / scale) : Number.NaN;
  if (Number.isFinite(value)) return value;
  const fix = cell === '' ? 'fill in or remove rows with missing values' : 'write features as decimal numbers';
  throw unsound(place(), 'a feature is no finite number', short(cell), 'a decimal number within float32', fix);
}

function badQuotes(at: string, found: string) {
  const fix = 'close every quote, and write a quote inside a cell twice';
  return unsound(at, 'the row is not CSV', found, 'cells separated by commas, quoted or not', fix);
}

function otherLength(at: string, found: number, expected: number) {
  const fix = 'give every row a cell for every column';
  return unsound(at, 'a row differs from the header in length', `${found} cells`, `${expected} cells`, fix);
}

function empty(where: string, found: string) {
  return unsound(where, 'the file has no examples', found, 'a header line and a line for each example', 'add examples');
}

function short(cell: string): string {
  if (cell === '') return 'an empty cell';
  return cell.length > 40 ? `${cell.slice(0, 40)}…` : cell;
}

/** Doubled, so that filling costs a constant for each value. */
function grown(values: Float32Array, needed: number): Float32Array<ArrayBuffer> {
  const larger = new Float32Array(Math.max(needed, 2 * values.length));
  larger.set(values);
  return larger;
}

/** Line ends in a text: those of Windows count once, those of old Macs too. */
function lineBreaks(text: string): number {
  let breaks = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === 10 || (character === 13 && text.charCodeAt(at + 1) !== 10)) breaks++;
  }
  return breaks;
}
