/**
 * The disk full (ENOSPC) or broken (EIO) at each write and sync; then a file system in memory that grows page by page under
 * a run, so that it is full wherever it may be. Needs root for the second. `--quick`: every fourth page.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskPlaces, failAt, runFull } from '../support/disk-failures.mjs';
import { ServedRun } from '../support/served.mjs';

const quick = process.argv.includes('--quick');
const wrongs = [];
const figures = { injected: 0, fullDisk: 0, accepted: 0 };

async function scenario(name, { rounds, prepare = () => undefined, failures }) {
  const folder = mkdtempSync(join(tmpdir(), 'fedtempo-disk-'));
  const disk = prepare(folder);
  const directory = disk ? { directory: join(disk.folder, 'run') } : {};
  const run = await ServedRun.create(folder, { rounds, ...directory });
  const found = [];
  try {
    const clients = run.join();
    await failures(run, found, disk);
    const { code, stdout, stderr } = await run.serve().ended;
    if (code !== 0) found.push(`it ended with ${code}: ${stderr}`);
    else {
      await clients.ended;
      found.push(...run.wrongs(await run.undisturbed(), JSON.parse(stdout)));
    }
    figures.accepted += run.accepted().length;
  } finally {
    run.stop();
    disk?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
  wrongs.push(...found.map((one) => `${name}: ${one}`));
  process.stderr.write(`${found.length === 0 ? 'ok    ' : 'WRONG '} ${name}\n`);
}

for (const code of ['ENOSPC', 'EIO']) {
  await scenario(`${code} at each place`, {
    rounds: 40,
    async failures(run, found) {
      for (const place of diskPlaces) {
        for (const passing of place.startsWith('seat') ? [1, 2] : [1, 2, 3]) {
          const wrong = await failAt(run, place, passing, code);
          found.push(...wrong.map((one) => `${place}:${passing}: ${one}`));
          figures.injected += 1;
        }
      }
    },
  });
}

function mounted(folder) {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const mount = (options) => {
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', disk]);
    if (status !== 0) throw new Error(`no file system in memory: ${stderr}`);
  };
  mount(`size=${FROM}k`);
  return {
    folder: disk,
    resize: (kilobytes) => mount(`remount,size=${kilobytes}k`),
    remove: () => spawnSync('umount', ['--lazy', disk]),
  };
}

const FROM = 4;
const UP_TO = 160;
await scenario('a disk that grows by pages', {
  rounds: 80,
  prepare: mounted,
  async failures(run, found, disk) {
    for (let kilobytes = FROM; kilobytes < UP_TO; kilobytes += quick ? 16 : 4) {
      disk.resize(kilobytes);
      const wrong = await runFull(run);
      found.push(...wrong.map((one) => `${kilobytes} kB: ${one}`));
      figures.fullDisk += 1;
    }
    disk.resize(8192);
  },
});

for (const wrong of wrongs) process.stderr.write(`${wrong}\n`);
console.log(JSON.stringify({ ...figures, wrongs: wrongs.length }));
process.exitCode = wrongs.length === 0 ? 0 : 1;
