/** Opens a page in headless Chromium and waits for what it posts back. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const types: Record<string, string> = { '.js': 'text/javascript', '.mjs': 'text/javascript' };

/** Modules of the package by its own name, as in Node. */
const importMap = '<script type="importmap">{"imports":{"fedtempo/shared/":"/dist/shared/"}}</script>';

/**
 * Runs `script`, a module, in a page served from localhost.
 *
 * @returns the body that the page sends in `fetch('/answer', {method: 'POST', body})`
 */
export async function runInChromium(chromium: string, script: string): Promise<string> {
  let answered: (body: string) => void = () => {};
  let failed: (error: Error) => void = () => {};
  const answer = new Promise<string>((resolve, reject) => {
    answered = resolve;
    failed = reject;
  });
  const page = `<!doctype html><meta charset="utf-8">${importMap}<script type="module">${script}</script>`;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/answer') {
      answered(await bodyOf(request));
      response.end();
    } else if (pathname === '/') {
      response.setHeader('content-type', 'text/html').end(page);
    } else if (/^\/(dist\/shared|test\/support)\/[\w./-]+\.m?js$/.test(pathname) && !pathname.includes('..')) {
      response.setHeader('content-type', types[extname(pathname)]).end(await readFile(join(root, pathname)));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const profile = await mkdtemp(join(tmpdir(), 'fedtempo-chromium-'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const address = `http://localhost:${(server.address() as AddressInfo).port}/`;
  const browser = spawn(chromium, [...flags, ...quiet, `--user-data-dir=${profile}`, address], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => browser.once('close', () => resolve()));
  browser.once('error', failed);
  browser.once('exit', (code) => failed(new Error(`Chromium ended with ${code} before the page answered`)));
  try {
    return await answer;
  } finally {
    browser.kill('SIGKILL');
    await ended;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
