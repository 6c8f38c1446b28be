/**
 * Scaling curves of the worker pool: `npm run bench:scaling -- [--curves population,cohort] [--seconds 3] [--repeats 3] [--out FILE]`.
 *
 * Repeats go round all points of a curve before any comes again, so that a noisy minute hits all alike.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath, URL } from 'node:url';
import { parseArgs } from 'node:util';
import { curves } from './curves.mjs';
import { condense, report } from './report.mjs';

const { values: options } = parseArgs({
  options: {
    curves: { type: 'string', default: curves.map(({ name }) => name).join(',') },
    seconds: { type: 'string', default: '3' },
    repeats: { type: 'string', default: '3' },
    out: { type: 'string', default: `bench/results/scaling-${new Date().toISOString().slice(0, 10)}.md` },
  },
});
const [seconds, repeats] = [Number(options.seconds), Number(options.repeats)];
const asked = options.curves.split(',');
const chosen = curves.filter(({ name }) => asked.includes(name));
if (chosen.length < asked.length) throw new Error(`curves are ${curves.map(({ name }) => name).join(', ')}`);

const program = fileURLToPath(new URL('point.mjs', import.meta.url));
const load = [];
const rows = {};
for (const curve of chosen) {
  const results = curve.points.map(() => []);
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const [index, point] of curve.points.entries()) {
      load.push(loadavg()[0]);
      const argument = JSON.stringify({ ...point, seconds });
      const result = JSON.parse(execFileSync(process.execPath, [program, argument], { stdio: ['ignore', 'pipe', 2] }));
      if (result.failures > 0) throw new Error(`${result.failures} clients failed at ${argument}`);
      results[index].push(result);
      process.stderr.write(
        `${curve.name} ${curve.value(point)}: ${result.rounds} rounds, ${result.rssMB.toFixed(0)} MB\n`,
      );
    }
  }
  rows[curve.name] = curve.points.map((point, index) => condense(point, results[index]));
}
const machine = { cpu: cpus()[0].model, cores: availableParallelism(), node: process.version, load, seconds, repeats };
const text = report(chosen, rows, machine);
process.stdout.write(text);
writeFileSync(options.out, text);
