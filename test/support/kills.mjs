/** Ends a served run's coordinator where and when it hurts, each time to be started again by the same command. */
import { stream } from 'fedtempo/shared/math/rng.js';

/** Where a kill may lose or double something, in the order of a round. */
export const killPoints = [
  'journal.opened',
  'journal.written',
  'journal.synced',
  'answer.sent',
  'round.closing',
  'round.closed',
  'checkpoint.written',
  'checkpoint.renamed',
];

/** Longer than any start and round takes on a busy machine. */
const LONGEST_MS = 60_000;

/** The coordinator ends itself at the given passing of a place. */
export function killAt(run, place, passing) {
  return killed(run, { FEDTEMPO_FAILPOINT: `${place}:${passing}=kill` }, `${place}:${passing}`, () => LONGEST_MS);
}

/**
 * Kills at moments that are drawn: every second one soon after the start of the process, which may be before it listens or
 * before its clients are back, the others while rounds go on, so many answers and milliseconds later.
 */
export function randomKills(seed) {
  const random = stream(seed, 'cohort', 0, 0);
  let count = 0;
  return (run) => {
    const early = count++ % 2 === 0;
    const [answers, ms] = early ? [0, random.below(1000)] : [1 + random.below(40), random.below(30)];
    return killed(run, {}, `${answers} answers and ${ms} ms after its start`, async (coordinator) => {
      if (!early) await run.answersSince(coordinator, answers);
      return ms;
    });
  };
}

async function killed(run, environment, name, waitMs) {
  const coordinator = run.serve(environment);
  let timer;
  void Promise.resolve(waitMs(coordinator)).then((ms) => {
    timer = setTimeout(() => coordinator.child.kill('SIGKILL'), ms);
  });
  const { signal, code, stderr, ms } = await coordinator.ended;
  clearTimeout(timer);
  const wrongs = run.notDurable().map((key) => `${name}: ${key} was acknowledged and is not on disk`);
  if (signal !== 'SIGKILL') wrongs.push(`${name}: it ended with ${code}\n${stderr}`);
  if (ms >= LONGEST_MS) wrongs.push(`${name}: it was not passed`);
  return { wrongs, ...(await run.timesOf(coordinator)) };
}
