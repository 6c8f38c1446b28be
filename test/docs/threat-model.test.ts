/** docs/threat-model.md claims nothing that no test shows. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/processes.js';

const page = readFileSync(join(repository, 'docs/threat-model.md'), 'utf8');
const named = (text: string) => [...text.matchAll(/`(test\/[^`]+)`/g)].map(([, file]) => file);

test('every test that the page names is there', () => {
  const files = [...new Set(named(page))];
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => !existsSync(join(repository, file)))).toEqual([]);
});

test('every threat of a table has a defence and names a test', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (May try|What) \|/.test(line));
  expect(rows.length).toBeGreaterThan(25);
  for (const row of rows) {
    const [threat, defence, tests, ...more] = row.slice(2, -2).split(' | ');
    expect([threat, defence].every((cell) => cell.length > 5) && more.length === 0, row).toBe(true);
    expect(named(tests), row).not.toEqual([]);
  }
});
