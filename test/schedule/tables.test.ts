import { inlineTables, readTable } from 'fedtempo/shared/schedule/tables.js';
import { describe, expect, test } from 'vitest';

const source = { file: 'rates.csv', path: 'schedules.learningRate' };

describe('a table of a CSV text', () => {
  test.each<[string, string, string | undefined, number[]]>([
    ['plain numbers', '0.1\n0.05\n0.01\n', undefined, [0.1, 0.05, 0.01]],
    ['a column by its title', 'round,rate,batch\r\n0, 0.1 ,10\r\n1,5e-2,20\r\n', 'rate', [0.1, 0.05]],
    ['the last column unless one is named', 'round,rate\n0,0.1\n1,0.05', undefined, [0.1, 0.05]],
    ['empty lines left out', '\n0.1\n\n0.2\n', undefined, [0.1, 0.2]],
  ])('%s', (_, text, column, values) => {
    expect(readTable(text, { ...source, column })).toEqual(values);
  });

  test.each<[string, string, string | undefined, string, string]>([
    ['an unknown column', 'round,rate\n0,0.1', 'rates', 'schedules.learningRate.column', 'rates'],
    ['a column of a table without titles', '0,0.1', 'rate', 'schedules.learningRate.column', 'rate'],
    ['a word', 'rate\n0.1\nfast\n', undefined, 'schedules.learningRate.file', '"fast" in rates.csv:3'],
    ['a negative number', '0.1\n-0.1', undefined, 'schedules.learningRate.file', '"-0.1" in rates.csv:2'],
    ['a short line', 'a,b\n1,2\n1', undefined, 'schedules.learningRate.file', '"" in rates.csv:3'],
    ['nothing', 'rate\n', undefined, 'schedules.learningRate.file', '0 lines in rates.csv'],
  ])('%s is refused by its place', (_, text, column, where, found) => {
    expect(() => readTable(text, { ...source, column })).toThrow(
      expect.objectContaining({ code: 'SCHEDULE_INVALID', details: expect.objectContaining({ where, found }) }),
    );
  });
});

test('every table of a spec is replaced by its values, however deep; the rest stays', () => {
  const read = (file: string) => (file === 'a.csv' ? 'x,y\n1,2\n3,4' : '9');
  const spec = {
    kind: 'join',
    boundaries: [2],
    schedules: [
      { kind: 'table', file: 'a.csv', column: 'x', every: 1 },
      { kind: 'scale', factor: 2, schedule: { kind: 'table', file: 'b.csv', keepLast: true } },
    ],
  };
  expect(inlineTables(spec, 'schedules.learningRate', read)).toEqual({
    kind: 'join',
    boundaries: [2],
    schedules: [
      { kind: 'table', values: [1, 3], every: 1 },
      { kind: 'scale', factor: 2, schedule: { kind: 'table', values: [9], keepLast: true } },
    ],
  });
  expect(inlineTables(0.1, 'schedules.learningRate', read)).toBe(0.1);
});
