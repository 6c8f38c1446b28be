/** Pages and files that show commands use options which the commands have. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository, runCommand } from '../support/processes.js';

const commands = ['run', 'serve', 'join', 'enroll', 'certs', 'replay', 'resume', 'schedule', 'study', 'validate'];
const files = ['README.md', ...filesIn('docs'), ...filesIn('docs/deploy')];

function filesIn(folder: string): string[] {
  const names = readdirSync(join(repository, folder), { withFileTypes: true });
  return names.filter((name) => name.isFile()).map(({ name }) => `${folder}/${name}`);
}

/** Options by command, over lines that a backslash joins. */
function optionsIn(text: string): [string, string][] {
  const lines = text.replace(/\\\n\s*/g, ' ').split('\n');
  return lines.flatMap((line) => {
    const parts = line.split(/\bfedtempo (?=[a-z])/).slice(1);
    return parts.flatMap((part): [string, string][] => {
      const [command] = part.split(/\s/);
      if (!commands.includes(command)) return [];
      return [...part.matchAll(/(?<=\s)(--[a-z][a-z-]+)/g)].map(([option]) => [command, option]);
    });
  });
}

test('every option that a page shows for a command is one of it', async () => {
  const used = files.flatMap((file) => {
    const text = readFileSync(join(repository, file), 'utf8');
    return optionsIn(text).map(([command, option]) => ({ file, command, option }));
  });
  expect(used.length).toBeGreaterThan(20);
  const helps = new Map(
    await Promise.all(
      commands.map(async (command) => [command, (await runCommand([command, '--help'])).stdout] as const),
    ),
  );
  const unknown = used.filter(({ command, option }) => !new RegExp(`${option}\\b(?!-)`).test(helps.get(command) ?? ''));
  expect(unknown).toEqual([]);
});
