import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository, runCommand, temporaryFolder } from '../support/processes.js';

test('the picture in the README is what `fedtempo schedule scenarios/schedule-zoo.yaml --svg` draws', async () => {
  const file = join(temporaryFolder(), 'zoo.svg');
  const { code } = await runCommand(['schedule', 'scenarios/schedule-zoo.yaml', '--svg', file]);
  expect(code).toBe(0);
  const stored = readFileSync(join(repository, 'docs/pictures/zoo.svg'), 'utf8');
  expect(readFileSync(file, 'utf8') === stored, 'draw it again: docs/pictures/zoo.svg').toBe(true);
});
