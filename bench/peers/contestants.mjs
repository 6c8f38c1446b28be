/** Each system as a process that runs one workload: how it is started, and what is read from what it prints and leaves. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { pythonOf } from './install.mjs';
import { dataFolder, scenarioOf } from './make-data.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
export const peerList = Object.entries(JSON.parse(readFileSync(join(here, 'peers.json'), 'utf8'))).map(
  ([name, peer]) => ({ name, side: 'peers', ...peer }),
);

/** A pool of fedtempo, through the built command. */
export function fedtempo(pool) {
  return {
    name: `fedtempo-${pool}`,
    title: `fedtempo, ${pool} pool, 2 workers`,
    side: 'fedtempo',
    async absent() {
      const { code, errors } = await execute(process.execPath, [main, 'validate', scenarioOf('W1'), '--pool', pool]);
      return code === 0 ? undefined : `this build refuses --pool ${pool}: ${errors.trim().split('\n')[0]}`;
    },
    async run(workload, limitSeconds) {
      const out = mkdtempSync(join(tmpdir(), 'fedtempo-peers-'));
      try {
        const args = ['run', scenarioOf(workload), '--pool', pool, '--workers', '2', '--out', out, '--json', '--quiet'];
        const ran = await execute(process.execPath, [main, ...args], { limitSeconds });
        if (ran.code !== 0) return { error: failure(ran) };
        const summary = JSON.parse(ran.output);
        const clients = readFileSync(join(summary.directory, 'clients.jsonl'), 'utf8').trimEnd().split('\n');
        const { version } = JSON.parse(readFileSync(join(summary.directory, 'manifest.json'), 'utf8'));
        return {
          seconds: ran.seconds,
          trainSeconds: clients.reduce((sum, line) => sum + JSON.parse(line).trainMs, 0) / 1000,
          tasks: clients.length,
          rounds: summary.rounds,
          loss: summary.finalLoss,
          accuracy: summary.finalAccuracy,
          versions: `fedtempo ${version}, Node ${process.versions.node}`,
        };
      } finally {
        rmSync(out, { recursive: true, force: true });
      }
    },
  };
}

/** A peer of peers.json, in its own environment. */
export function peer({ name, title, side, environment, command, mode }) {
  return {
    name,
    title,
    side,
    async absent() {
      return existsSync(pythonOf(environment)) ? undefined : 'not installed: node bench/peers/run.mjs --install';
    },
    async run(workload, limitSeconds, rounds) {
      const args = [...command, workload, dataFolder];
      if (mode !== undefined) args.push('--mode', mode);
      if (rounds !== undefined) args.push('--rounds', String(rounds));
      const ran = await execute(pythonOf(environment), args, { limitSeconds, cwd: here });
      const line = ran.output.split('\n').findLast((text) => text.startsWith('{'));
      if (ran.code !== 0 || line === undefined) return { error: failure(ran) };
      const found = JSON.parse(line);
      const also = ['torch', 'ray', 'jax'].filter((key) => key in found).map((key) => `${key} ${found[key]}`);
      return {
        seconds: ran.seconds,
        trainSeconds: found.trainSeconds,
        tasks: found.tasks,
        rounds: found.rounds,
        loss: found.finalLoss,
        accuracy: found.finalAccuracy,
        versions: [`${environment} ${found.version}`, ...also].join(', '),
      };
    },
  };
}

/** Runs a command in a process group of its own, so that one which takes too long is ended with all that it started. */
function execute(command, args, { limitSeconds = 60, cwd } = {}) {
  const { PYTHONDONTWRITEBYTECODE: _, ...env } = process.env;
  return new Promise((resolve) => {
    const began = performance.now();
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const collected = { output: '', errors: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      collected.output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      collected.errors = (collected.errors + text).slice(-100_000);
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process.kill(-child.pid, 'SIGKILL');
    }, limitSeconds * 1000);
    let ended;
    const done = (code) => {
      clearTimeout(timer);
      ended ??= { code: late ? `ended after ${limitSeconds} s` : code, seconds: secondsSince(began) };
    };
    const give = () => resolve({ ...collected, ...ended });
    child.on('error', (error) => {
      done(error.message);
      give();
    });
    child.on('exit', (code, signal) => {
      done(code ?? signal);
      // What a system leaves running may hold the pipes open; the rest of the output is waited for, but not that.
      setTimeout(give, 2000);
    });
    child.on('close', give);
  });
}

const secondsSince = (began) => (performance.now() - began) / 1000;

/** The line of an error that says most: the last one that names an exception, or the last. */
function failure({ code, errors, output }) {
  const lines = `${output}\n${errors}`.split('\n').filter((line) => line.trim() !== '');
  const named = lines.findLast((line) => /(Error|Exception|FAILED|refused)\b/.test(line)) ?? lines.at(-1) ?? '';
  return `${code}: ${named.trim().slice(0, 300)}`;
}
