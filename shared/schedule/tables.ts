/**
 * Tables from CSV files. This side is pure: it takes the text; who reads the file is the caller's matter. Lines end in
 * \n or \r\n, cells are separated by commas; a first line with a cell that is no number holds the columns' titles.
 */
import { FedtempoError } from '../errors.js';
import type { KindSpec } from './kind.js';
import { MAX_TABLE } from './kinds/table.js';

/** Gives the text of a file that a scenario names. */
export type ReadText = (file: string) => string;

/**
 * A spec with every table's file replaced by its values, however deep it stands.
 *
 * @param path what errors call the spec
 * @throws FedtempoError SCHEDULE_INVALID, and whatever `read` throws
 */
export function inlineTables<T>(spec: T, path: string, read: ReadText): T {
  if (Array.isArray(spec)) {
    // A long list of numbers is a table already.
    if (typeof spec[0] === 'number') return spec;
    return spec.map((entry, index) => inlineTables(entry, `${path}.${index}`, read)) as T;
  }
  if (typeof spec !== 'object' || spec === null) return spec;
  const { kind, file, column, ...rest } = spec as unknown as KindSpec;
  if (kind === 'table' && typeof file === 'string') {
    const values = readTable(read(file), { file, column: column as string | undefined, path });
    return { kind, values, ...rest } as T;
  }
  const entries = Object.entries(spec).map(([key, value]) => [key, inlineTables(value, `${path}.${key}`, read)]);
  return Object.fromEntries(entries) as T;
}

interface TableSource {
  /** The name that errors give. */
  readonly file: string;
  readonly column?: string | undefined;
  readonly path: string;
}

/** The values of one column of a CSV text: the one of that title, or the last. */
export function readTable(text: string, { file, column, path }: TableSource): number[] {
  const refuse = (key: string, summary: string, found: string, expected: string, fix: string) =>
    new FedtempoError('SCHEDULE_INVALID', summary, { where: `${path}.${key}`, found, expected, fix });
  const rows = text
    .split(/\r?\n/)
    .map((line, index) => ({ line: index + 1, cells: line.split(',').map((cell) => cell.trim()) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  const titled = rows.length > 0 && rows[0].cells.some((cell) => numberOf(cell) === undefined);
  const titles = titled ? rows[0].cells : [];
  const body = titled ? rows.slice(1) : rows;
  if (body.length === 0 || body.length > MAX_TABLE) {
    throw refuse(
      'file',
      'a table has no values, or too many',
      `${body.length} lines in ${file}`,
      `1 to ${MAX_TABLE} lines`,
      'correct the file',
    );
  }
  const at = column === undefined ? body[0].cells.length - 1 : titles.indexOf(column);
  if (at < 0) {
    throw refuse(
      'column',
      'the table has no such column',
      String(column),
      titles.join(', ') || 'a first line with titles',
      'name one of its columns',
    );
  }
  return body.map(({ line, cells }) => {
    const value = numberOf(cells[at] ?? '');
    if (value !== undefined && value >= 0) return value;
    throw refuse(
      'file',
      'a cell is not a number from 0',
      `${JSON.stringify(cells[at] ?? '')} in ${file}:${line}`,
      'a number such as 0.1',
      'correct the file',
    );
  });
}

function numberOf(cell: string): number | undefined {
  const value = Number(cell);
  return cell === '' || !Number.isFinite(value) ? undefined : value;
}
