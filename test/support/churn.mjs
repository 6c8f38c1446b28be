/** Populations whose hosts are killed or stopped in every round, and what must hold of their runs. */
import { join } from 'node:path';
import { stream } from 'fedtempo/shared/math/rng.js';
import { Population } from './population.mjs';
import { linesOf, recompute } from './recompute.mjs';

/** Rounds long enough to be disturbed in: each client trains for some ten milliseconds. */
const scenarioOf = ({ clients, rounds, cohort, minimumReplies, localSteps, serve }) => `
schemaVersion: 1
name: churn
seed: 12
data: { dataset: digits, partition: { kind: shards, clients: ${clients} } }
model: { kind: mlp, hidden: [64], activation: relu }
federation: { rounds: ${rounds}, cohort: { size: ${cohort} }, minimumReplies: ${minimumReplies}, localSteps: ${localSteps} }
schedules: { learningRate: { kind: linear, start: 0.05, end: 0.01 }, batchSize: 8, serverMomentum: 0.3 }
checkpoint: { every: 10 }
evaluation: { every: 10 }
serve: ${JSON.stringify(serve)}
`;

/** A round, or its repetition, is closed. */
const isClosed = ({ msg }) => msg === 'round committed' || msg === 'round abandoned';

/**
 * Kills a share of the hosts in every round, at a drawn moment after its first client trains, and starts them again at once; if
 * the round is repeated, in every second repetition, so that it ends on a machine however slow. The round loop must commit whatever had enough replies, and repeat the rest with the model as it was.
 *
 * @param options of the scenario, and hosts, clientsPerHost, share, withinMs, seed
 * @returns figures, and what is wrong
 */
export async function killing(folder, options) {
  const { hosts, share, withinMs, seed } = options;
  const random = stream(seed, 'faulty', 0, 0);
  const timers = new Set();
  let kills = 0;
  const killSome = (population, attempt) => {
    if (attempt % 2 !== 0) return;
    const chosen = draw(random, hosts, Math.round(share * hosts));
    const timer = setTimeout(() => {
      timers.delete(timer);
      for (const host of chosen) {
        kills += 1;
        // The two may overlap: the newer connection of a key is the client.
        population.signal(host, 'SIGKILL');
        population.join(host);
      }
    }, random.below(withinMs));
    timers.add(timer);
  };
  const ran = await disturbed(folder, options, { onBegin: killSome });
  for (const timer of timers) clearTimeout(timer);
  return { ...ran, figures: { ...ran.figures, kills } };
}

/**
 * Stops some hosts in every round with SIGSTOP, others each time, and wakes them when it is closed. Every round must be closed
 * in time without them, and what they send then must not count.
 *
 * @param options of the scenario, and hosts, clientsPerHost, stopped (hosts)
 */
export function stopping(folder, options) {
  const { hosts, stopped } = options;
  let asleep = [];
  let from = 0;
  return disturbed(folder, options, {
    onBegin: (population) => {
      asleep = Array.from({ length: stopped }, (_, index) => (from + index) % hosts);
      from += stopped;
      for (const host of asleep) population.signal(host, 'SIGSTOP');
    },
    onClosed: (population) => {
      for (const host of asleep) population.signal(host, 'SIGCONT');
      asleep = [];
    },
  });
}

async function disturbed(folder, options, { onBegin, onClosed = () => {} }) {
  const { hosts, clientsPerHost, serve, minimumReplies, rounds } = options;
  const text = scenarioOf({ ...options, clients: hosts * clientsPerHost });
  const population = new Population(folder, text, { hosts, clientsPerHost });
  const began = performance.now();
  const wrongs = [];
  try {
    await population.serve();
    let [round, attempt] = [0, 0];
    let open = false;
    void population.until((one) => {
      if (one.type === 'training' && one.round === round && !open) {
        open = true;
        onBegin(population, attempt);
      }
      if (!isClosed(one)) return false;
      open = false;
      [round, attempt] = one.committed ? [one.round + 1, 0] : [one.round, one.attempt + 1];
      onClosed(population);
      return false;
    });
    population.joinAll();
    const { code, output } = await population.ended;
    if (code !== 0) wrongs.push(`the coordinator ended with ${code}: ${output.slice(-500)}`);
  } finally {
    await population.stop();
  }
  const seconds = (performance.now() - began) / 1000;
  if (wrongs.length === 0) wrongs.push(...(await recompute(text, population.directory)));
  const attempts = population.log.filter(isClosed);
  for (const { round, attempt, committed, replies, ms } of attempts) {
    const name = `attempt ${attempt} at round ${round}`;
    if (committed !== replies >= minimumReplies) wrongs.push(`${name}: ${replies} replies, committed: ${committed}`);
    if (ms > 1000 * serve.deadlineSeconds + 500) wrongs.push(`${name}: closed after ${ms} ms`);
  }
  const done = attempts.filter(({ committed }) => committed).length;
  if (done !== rounds) wrongs.push(`${done} of ${rounds} rounds are committed`);
  wrongs.push(...miscounted(population));
  return { figures: figuresOf(population, attempts, seconds), wrongs, population };
}

/** What was answered LATE must not be in the records; what was ACCEPTED in the attempt that was committed, must. */
function miscounted({ directory, events }) {
  const counted = new Set(linesOf(join(directory, 'clients.jsonl')).filter(isUpdate).map(keyOf));
  const answered = (answer) => new Set(events.filter((event) => event.answer === answer).map(keyOf));
  const accepted = answered('ACCEPTED');
  const late = [...answered('LATE')].filter((key) => counted.has(key) && !accepted.has(key));
  return late.map((key) => `${key} was LATE and is counted`);
}

const isUpdate = ({ kind }) => kind === 'update';
const keyOf = ({ round, client }) => `${round}/${client}`;

function figuresOf({ events }, attempts, seconds) {
  const answers = {};
  for (const { type, answer } of events) if (type === 'answered') answers[answer] = (answers[answer] ?? 0) + 1;
  const closings = {};
  for (const { closing } of attempts) closings[closing] = (closings[closing] ?? 0) + 1;
  const ms = attempts.map((attempt) => attempt.ms).sort((a, b) => a - b);
  return {
    committed: attempts.filter(({ committed }) => committed).length,
    abandoned: attempts.filter(({ committed }) => !committed).length,
    closings,
    roundMs: { median: Math.round(ms[ms.length >> 1]), longest: Math.round(ms.at(-1)) },
    answers,
    seconds: Math.round(seconds),
  };
}

/** `count` of 0..n − 1, drawn without replacement. */
function draw(random, n, count) {
  const all = Array.from({ length: n }, (_, index) => index);
  return Array.from({ length: count }, () => all.splice(random.below(all.length), 1)[0]);
}
