/**
 * The coordinator killed at each of eight places at five passings each, and forty times at moments that are drawn; started
 * again at once each time, and accepting again within two seconds. `--quick`: two passings and eight moments.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAt, killPoints, randomKills } from '../support/kills.mjs';
import { ServedRun } from '../support/served.mjs';

const quick = process.argv.includes('--quick');
const seed = Number(/--seed=(\d+)/.exec(process.argv.join(' '))?.[1] ?? 1);
const passings = quick ? [1, 3] : [1, 2, 3, 5, 8];
const [moments, inOneRun] = quick ? [8, 8] : [40, 10];
const MOST_MS = 2000;

const figures = { seed, kills: 0, runs: 0, accepted: 0, duplicates: 0, listeningMs: [], joinedMs: [] };
const wrongs = [];

/** One run with its clients: killed so often, then left to its end. */
async function scenario(name, rounds, kills) {
  const folder = mkdtempSync(join(tmpdir(), 'fedtempo-kills-'));
  const run = await ServedRun.create(folder, { rounds });
  try {
    const clients = run.join();
    const found = [];
    for (const kill of kills) {
      const { listeningMs, joinedMs, wrongs } = await kill(run);
      found.push(...wrongs);
      figures.kills += 1;
      if (listeningMs !== undefined) figures.listeningMs.push(listeningMs);
      if (joinedMs !== undefined) figures.joinedMs.push(joinedMs);
      if (listeningMs > MOST_MS) found.push(`accepting again after ${listeningMs.toFixed()} ms`);
      if (wrongs.length > 0) break;
    }
    const { code, stdout, stderr } = await run.serve().ended;
    if (code === 0) {
      await clients.ended;
      found.push(...run.wrongs(await run.undisturbed(), JSON.parse(stdout)));
    } else found.push(`it ended with ${code}: ${stderr}`);
    figures.runs += 1;
    figures.accepted += run.accepted().length;
    figures.duplicates += run.events.filter(({ answer }) => answer === 'DUPLICATE').length;
    wrongs.push(...found.map((one) => `${name}: ${one}`));
    process.stderr.write(`${found.length === 0 ? 'ok    ' : 'WRONG '} ${name}\n`);
  } finally {
    run.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const place of killPoints) {
  await scenario(
    place,
    60,
    passings.map((passing) => (run) => killAt(run, place, passing)),
  );
}
const kill = randomKills(seed);
for (let from = 0; from < moments; from += inOneRun) {
  await scenario(`moments ${from} to ${from + inOneRun - 1}`, 250, new Array(inOneRun).fill(kill));
}

const spread = (values) => {
  const sorted = values.toSorted((a, b) => a - b).map(Math.round);
  return { median: sorted[sorted.length >> 1], max: sorted.at(-1), of: sorted.length };
};
for (const wrong of wrongs) process.stderr.write(`${wrong}\n`);
const { listeningMs, joinedMs, ...counts } = figures;
// Times mean little on a machine that is busy with other things.
const loadAverage = Number(loadavg()[1].toFixed(1));
const times = { loadAverage, acceptingAgainMs: spread(listeningMs), firstClientBackMs: spread(joinedMs) };
console.log(JSON.stringify({ ...counts, ...times, wrongs: wrongs.length }));
process.exitCode = wrongs.length === 0 ? 0 : 1;
