/** docs/protocol.md lists what the code has: every message, limit, close code, answer, failure and error. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes } from 'fedtempo/shared/errors.js';
import { closeCodes, closeMeanings } from 'fedtempo/shared/protocol/close-codes.js';
import { limits } from 'fedtempo/shared/protocol/limits.js';
import { answers, clientMessage, serverMessage } from 'fedtempo/shared/protocol/messages.js';
import { failureCodes } from 'fedtempo/shared/training/reply.js';
import { expect, test } from 'vitest';
import { repository } from '../support/processes.js';

const page = readFileSync(join(repository, 'docs/protocol.md'), 'utf8');

test.each(Object.entries(errorCodes))('error %s stands with its meaning', (code, meaning) => {
  expect(page).toContain(`| \`${code}\` | ${meaning}`);
});

test.each(Object.entries(failureCodes))('failure %s stands with its meaning', (code, meaning) => {
  expect(page).toContain(`| \`${code}\` | ${meaning} |`);
});

test.each(Object.entries(closeMeanings))('close code %s stands with its number and meaning', (name, meaning) => {
  expect(page).toContain(`| ${closeCodes[name as keyof typeof closeCodes]} | ${name} | ${meaning} |`);
});

test.each(Object.entries(limits))('limit %s stands with its value', (name, value) => {
  expect(page).toContain(`| \`${name}\` | ${value} |`);
});

test.each([...clientMessage.options, ...serverMessage.options].map(({ shape }) => [...shape.type.values][0]))(
  'message %s is listed',
  (type) => {
    expect(page).toContain(`| \`${type}\` |`);
  },
);

test.each(answers)('answer %s is listed', (answer) => {
  expect(page).toContain(`| \`${answer}\` |`);
});
