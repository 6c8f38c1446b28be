/**
 * Compiles the kernels to WebAssembly and writes them, as base64, to shared/kernels/generated/module.ts, so that Node, worker
 * threads and browsers load the same bytes through an ordinary import. Does nothing if the sources are unchanged.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

// Plain SIMD only: relaxed operations differ between processors. No runtime: the host lays out the memory.
const options = [
  '-O3',
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '--noAssert',
  '--use',
  'abort=',
  '--initialMemory',
  '1',
];

const here = fileURLToPath(new URL('../shared/kernels/assembly/', import.meta.url));
const target = join(here, '..', 'generated', 'module.ts');
const sources = readdirSync(here)
  .filter((name) => name.endsWith('.ts'))
  .sort();
const hash = createHash('sha256')
  .update(asc.version ?? '')
  .update(readFileSync(fileURLToPath(import.meta.url)));
for (const name of sources) hash.update(name).update(readFileSync(join(here, name)));
const stamp = `// Sources ${hash.digest('hex')}`;

if (!isCurrent()) await compile();

function isCurrent() {
  try {
    return readFileSync(target, 'utf8').startsWith(stamp);
  } catch {
    return false;
  }
}

async function compile() {
  const folder = mkdtempSync(join(tmpdir(), 'fedtempo-kernels-'));
  const output = join(folder, 'kernels.wasm');
  const { error, stderr } = await asc.main([join(here, 'index.ts'), ...options, '--outFile', output]);
  if (error) {
    console.error(stderr.toString());
    throw error;
  }
  const bytes = readFileSync(output);
  rmSync(folder, { recursive: true });
  mkdirSync(join(here, '..', 'generated'), { recursive: true });
  const text = `${stamp}\n/** The kernels' WebAssembly module, ${bytes.length} bytes. Made by tools/build-kernels.mjs. */\n`;
  writeFileSync(target, `${text}export const moduleBase64: string =\n  '${bytes.toString('base64')}';\n`);
}
