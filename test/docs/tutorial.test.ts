/** docs/tutorial-machines.md, done: every command of it, on two hosts with its addresses, in its order. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Host, makeHosts } from '../support/hosts.js';
import { need } from '../support/need.js';
import { commandFile, repository, temporaryFolder } from '../support/processes.js';

const page = readFileSync(join(repository, 'docs/tutorial-machines.md'), 'utf8');

interface Block {
  readonly language: string;
  readonly words: readonly string[];
  readonly text: string;
}

const blocks: Block[] = [...page.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(([, language, words, text]) => ({
  language,
  words: words.split(' ').filter((word) => word !== ''),
  text,
}));

interface Running {
  readonly text: string;
  readonly interrupt: () => void;
  readonly ended: Promise<{ readonly code: number | null; readonly said: string }>;
  says(pattern: RegExp): Promise<void>;
}

/** A machine of the tutorial: a host, a home folder with `trial` in it, and the programs that it has installed. */
function machine(host: Host, home: string, programs: string) {
  const folder = join(home, 'trial');
  mkdirSync(folder, { recursive: true });
  const env = { ...process.env, HOME: home, PATH: `${programs}:${process.env.PATH}`, FEDTEMPO_IDENTITY: '' };
  const start = (text: string): Running => {
    const [program, ...args] = [...host.within, 'bash', '-eo', 'pipefail', '-c', text];
    // A group of its own, as a terminal has: Ctrl-C reaches what the shell runs.
    const child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const signal = (name: NodeJS.Signals) => {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, name);
    };
    onTestFinished(() => signal('SIGKILL'));
    let said = '';
    const watchers = new Set<() => void>();
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        said += part;
        for (const watch of watchers) watch();
      });
    }
    const ended = new Promise<{ code: number | null; said: string }>((resolve) => {
      child.once('close', (code) => resolve({ code, said }));
    });
    const says = (pattern: RegExp) =>
      new Promise<void>((resolve, reject) => {
        const watch = () => pattern.test(said) && resolve();
        watchers.add(watch);
        watch();
        void ended.then(() => reject(new Error(`${text}ended without saying ${pattern}:\n${said}`)));
      });
    return { text, interrupt: () => signal('SIGINT'), ended, says };
  };
  return { folder, start };
}

/** `fedtempo` as npm would install it, and an `scp` that knows one other machine. */
function install(programs: string, other: string): void {
  const program = (name: string, line: string) => {
    writeFileSync(join(programs, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(programs, name), 0o755);
  };
  mkdirSync(programs);
  program('fedtempo', `exec '${process.execPath}' '${commandFile}' "$@"`);
  program('scp', `for last; do :; done\n[ "$last" = 192.0.2.11:trial/ ] && cp "$1" "$2" '${other}/trial/'`);
}

test('every command of the tutorial does what it says, on two hosts', async (context) => {
  const nginx = need(context, process.env.FEDTEMPO_NGINX ?? '/usr/sbin/nginx', 'FEDTEMPO_NGINX');
  const [first, second] = makeHosts(context, 2, '192.0.2.10');
  const [root, other] = [temporaryFolder(), temporaryFolder()];
  const programs = join(root, 'programs');
  install(programs, other);
  const machines = { coordinator: machine(first, root, programs), client: machine(second, other, programs) };
  const staying: Running[] = [];
  let expected = '';
  for (const { language, words, text } of blocks) {
    const [where, how = 'runs'] = words;
    if (language === 'sh' && where === 'install') expect(text).toBe('npm ci && npm install --global .\n');
    else if (language === 'text') for (const line of text.trim().split('\n')) expect(expected).toContain(line);
    else if (language === 'nginx') await startNginx(first, nginx, machines.coordinator.folder, text);
    else if (language !== 'sh')
      for (const { folder } of Object.values(machines)) writeFileSync(join(folder, where), text);
    else {
      if (where !== 'coordinator' && where !== 'client') throw new Error(`a block that nobody checks: ${text}`);
      const again = how === 'again' ? staying.shift() : undefined;
      again?.interrupt();
      if (again !== undefined) expect(await again.ended).toMatchObject({ code: 130 });
      const running = machines[where].start(text);
      if (how === 'stays' || how === 'again') {
        await running.says(/listening on|joined as client/);
        if (how === 'again') staying.unshift(running);
        else staying.push(running);
      } else {
        const { code, said } = await running.ended;
        expect(code === 0, said).toBe(how !== 'fails');
        expected = said;
        // Of the run and of its simulation.
        const digests = [...said.matchAll(/"digest": ?"(\w{64})"/g)].map(([, digest]) => digest);
        if (digests.length > 0) expect(digests).toEqual([digests[0], digests[0]]);
      }
      // The last client that a run waited for: now all of them come to their ends.
      if (how === 'ends') for (const one of staying.splice(0)) expect(await one.ended).toMatchObject({ code: 0 });
    }
  }
  const summary = (path: string) => JSON.parse(readFileSync(join(machines.coordinator.folder, path), 'utf8'));
  expect(summary('runs/trial/summary.json')).toMatchObject({ rounds: 20, outcome: 'rounds', failures: 0 });
  expect(summary('runs/own/summary.json').digest).toBe(summary('runs/proxied/summary.json').digest);
}, 120_000);

/** nginx with the page's server block, as any user may run it. */
async function startNginx(host: Host, program: string, folder: string, server: string): Promise<void> {
  const certificates = server.replace(/(server(-key)?\.pem)/g, (name) => join(folder, 'certs', name));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder};`);
  const file = join(folder, 'nginx.conf');
  const head = `daemon off; pid ${folder}/nginx.pid; error_log stderr notice; worker_processes 1; events {}`;
  writeFileSync(file, `${head} http { access_log off; ${temporary.join(' ')}\n${certificates}}`);
  const [ip, ...args] = [...host.within, program, '-c', file, '-e', 'stderr'];
  const child = spawn(ip, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGTERM'));
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      said += part;
      if (said.includes('start worker process ')) resolve();
    });
    child.once('close', (code) => reject(new Error(`nginx ended with ${code}: ${said}`)));
  });
}
