/**
 * Twenty thousand hostile sockets against a real coordinator while four honest clients train. Quiet and attacked stretches
 * alternate in the one run, so that whatever else the machine does befalls both alike.
 *
 *   node test/soak/hostile-sockets.mjs [--sockets N] [--rate N] [--nice N] [--quick]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Assault } from '../support/hostile/assault.mjs';
import { HONEST, Stand } from '../support/hostile/stand.mjs';

const { values } = parseArgs({
  options: {
    sockets: { type: 'string', default: '20000' },
    rate: { type: 'string', default: '30' },
    nice: { type: 'string', default: '19' },
    quick: { type: 'boolean', default: false },
  },
});
const sockets = values.quick ? 600 : Number(values.sockets);
const perSecond = Number(values.rate);
const stretches = values.quick ? 3 : 16;
const [MAX_GROWTH_MB, MAX_SLOWER] = [50, 1.1];

const folder = mkdtempSync(join(tmpdir(), 'fedtempo-hostile-'));
// Rounds long enough that their own records, over a kilobyte each, do not hide what sockets leave in memory.
const stand = new Stand({ folder, hostileKeys: 16, localEpochs: 480, handshakeMs: 3000 });
const wrongs = [];
const periods = { quiet: [], attacked: [] };
const rates = [];
/** Milliseconds of the clock and of the coordinator's processor time, in all stretches of a name. */
const used = { quiet: { ms: 0, processorMs: 0 }, attacked: { ms: 0, processorMs: 0 } };
const rss = { warm: 0, highest: 0 };
const assault = new Assault(stand);
try {
  await stand.begin(20);
  // Attackers have machines of their own: what they compute must not be the time that honest clients on this one lack.
  setPriority(Number(values.nice));
  for (let stretch = 0; stretch < stretches; stretch++) {
    let from = Date.now();
    let before = stand.processorMs();
    const { until, rate } = await assault.run(Math.ceil(sockets / stretches), perSecond);
    rates.push(rate);
    // Without those at the end that only wait to be cut off.
    periods.attacked.push([from, until]);
    const length = until - from;
    used.attacked.ms += Date.now() - from;
    used.attacked.processorMs += stand.processorMs() - before;
    const resident = stand.residentMb();
    // The first stretch is the warm-up.
    if (stretch === 0) rss.warm = resident;
    rss.highest = Math.max(rss.highest, resident);
    from = Date.now();
    before = stand.processorMs();
    await new Promise((resolve) => setTimeout(resolve, 0.7 * length));
    periods.quiet.push([from, Date.now()]);
    used.quiet.ms += Date.now() - from;
    used.quiet.processorMs += stand.processorMs() - before;
    const times = `${round(median(took('quiet')))} ms quiet, ${round(median(took('attacked')))} ms attacked`;
    process.stderr.write(
      `${assault.sockets} sockets, ${stand.rounds.length} rounds: ${times}; ${resident.toFixed()} MB\n`,
    );
    if (stand.serverEnd !== undefined) break;
  }
} catch (error) {
  wrongs.push(error.message);
}
const end = stand.serverEnd ?? (await stand.stop());
stand.kill();
if (end !== '130') wrongs.push(`the coordinator ended with ${end}: ${stand.said}`);

const [quiet, attacked] = [took('quiet'), took('attacked')];
const slower = median(attacked) / median(quiet);
// What a socket costs the coordinator: all that it used while attacked, without what it uses in as much quiet time.
const quietly = (used.quiet.processorMs / used.quiet.ms) * used.attacked.ms;
const processorMsPerSocket = (used.attacked.processorMs - quietly) / assault.sockets;
const growthMb = rss.highest - rss.warm;
const counted = stand.counted();
const acceptedHostile = [...counted].filter(([client]) => client >= HONEST).reduce((sum, [, n]) => sum + n, 0);
const abandoned = stand.log.filter(({ msg }) => msg === 'round abandoned').length;
const away = stand.events.filter(({ type, reason }) => type === 'away' && !/stops for now/.test(reason));
if (acceptedHostile > 0) wrongs.push(`${acceptedHostile} hostile updates were counted`);
if (abandoned > 0) wrongs.push(`${abandoned} rounds were abandoned`);
if (away.length > 0) wrongs.push(`honest clients lost their connection: ${away[0].reason}`);
if (!(growthMb < MAX_GROWTH_MB)) wrongs.push(`memory grew by ${growthMb} MB`);
// A quick run has too few rounds for a time to mean anything.
if (!values.quick && !(slower <= MAX_SLOWER)) wrongs.push(`honest rounds took ${slower.toFixed(3)} times as long`);
wrongs.push(...assault.wrongs);

const figures = {
  ...{
    soak: 'hostile-sockets',
    ok: wrongs.length === 0,
    sockets: assault.sockets,
    socketsPerSecond: round(median(rates)),
  },
  ...{ rounds: stand.rounds.length, roundsQuiet: quiet.length, roundsAttacked: attacked.length },
  ...{ quietMs: round(median(quiet)), attackedMs: round(median(attacked)), slower: round(slower, 3) },
  processorMsPerSocket: round(processorMsPerSocket, 2),
  ...{ acceptedHonest: [...counted.values()].reduce((sum, n) => sum + n, 0) - acceptedHostile, acceptedHostile },
  ...{ warmMb: round(rss.warm), growthMb: round(growthMb), outcomes: assault.outcomes },
  wrongs: [...new Set(wrongs)].slice(0, 20),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
rmSync(folder, { recursive: true, force: true });
process.exit(wrongs.length === 0 ? 0 : 1);

function round(value, digits = 1) {
  return value === undefined ? null : Number(value.toFixed(digits));
}

/** Durations of the rounds that lay whole within the periods of a name. */
function took(name) {
  return stand.rounds
    .filter(({ time, ms }) => periods[name].some(([from, to]) => time - ms >= from && time <= to))
    .map(({ ms }) => ms);
}

function median(list) {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
}
