/** Shows a study as it goes: a line a trial, and on a terminal a live line with the time left. */
import type { Summary } from '../../server/store/records.js';
import type { TrialId } from '../../server/study/trial-store.js';
import { duration, percent, short } from '../table.js';

export interface StudyProgress {
  /** A trial that was done before. */
  found(trial: TrialId, summary: Summary): void;
  /** @param open trials that are to be run */
  start(open: number): void;
  began(trial: TrialId): void;
  ended(trial: TrialId, summary: Summary): void;
  failed(trial: TrialId, reason: string): void;
  stop(): void;
}

export const silentStudyProgress: StudyProgress = {
  found() {},
  start() {},
  began() {},
  ended() {},
  failed() {},
  stop() {},
};

const BAR_WIDTH = 24;

/**
 * Time left: what each unfinished trial is expected to take, by the mean of its arm's finished ones (of all finished
 * ones where its arm has none), less what it has had, divided by how many run at once; undefined before the first end.
 */
export function timeLeftMs(
  took: ReadonlyMap<string, readonly number[]>,
  unfinished: readonly { readonly arm: string; readonly hadMs: number }[],
  atOnce: number,
): number | undefined {
  const all = [...took.values()].flat();
  if (all.length === 0) return undefined;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const left = unfinished.map(({ arm, hadMs }) => Math.max(0, mean(took.get(arm) ?? all) - hadMs));
  const longest = Math.max(0, ...left);
  return Math.max(longest, left.reduce((sum, value) => sum + value, 0) / atOnce);
}

/** @param out standard error: standard output is for results */
export function createStudyProgress(
  out: NodeJS.WriteStream,
  name: string,
  trials: readonly TrialId[],
  atOnce: number,
): StudyProgress {
  const live = out.isTTY === true;
  const took = new Map<string, number[]>();
  const waiting = new Set(trials.map(({ key }) => key));
  const began = new Map<string, number>();
  let tick: NodeJS.Timeout | undefined;

  const clear = () => live && out.write('\r\x1b[K');
  const show = () => {
    if (!live || waiting.size === 0) return;
    const done = trials.length - waiting.size;
    const filled = Math.round((BAR_WIDTH * done) / trials.length);
    const unfinished = trials
      .filter(({ key }) => waiting.has(key))
      .map(({ key, arm }) => ({ arm, hadMs: performance.now() - (began.get(key) ?? performance.now()) }));
    const left = timeLeftMs(took, unfinished, atOnce);
    const text = `${'━'.repeat(filled)}${'╌'.repeat(BAR_WIDTH - filled)} ${done}/${trials.length} trials · ${began.size} running · ${left === undefined ? 'time left after the first' : `about ${duration(left)} left`}`;
    clear();
    out.write([...text].slice(0, Math.max(20, (out.columns ?? 80) - 1)).join(''));
  };
  const print = (text: string) => {
    clear();
    out.write(`${text}\n`);
    show();
  };
  const end = ({ key, arm }: TrialId, ms: number) => {
    waiting.delete(key);
    began.delete(key);
    took.set(arm, [...(took.get(arm) ?? []), ms]);
  };
  const facts = ({ outcome, finalAccuracy, finalLoss, wallMs }: Summary) =>
    `${outcome === 'diverged' ? 'diverged' : `accuracy ${percent(finalAccuracy)} · loss ${short(finalLoss)}`} · ${duration(wallMs)}`;
  const place = ({ arm, seed }: TrialId) =>
    `${String(trials.length - waiting.size).padStart(String(trials.length).length)}/${trials.length}  ${arm} · seed ${seed}`;

  return {
    found: (trial, summary) => end(trial, summary.wallMs),
    start(open) {
      const before = trials.length - open;
      const rest = before > 0 ? `, ${before} of them done before` : '';
      print(`${name} · ${trials.length} trials${rest} · ${atOnce} at once`);
      if (!live || open === 0) return;
      tick = setInterval(show, 1000);
      tick.unref();
    },
    began(trial) {
      began.set(trial.key, performance.now());
      show();
    },
    ended(trial, summary) {
      // The process had to start, too: what the clock says is what the others will take.
      end(trial, performance.now() - (began.get(trial.key) ?? performance.now()));
      print(`${place(trial)} · ${facts(summary)}`);
    },
    failed(trial, reason) {
      waiting.delete(trial.key);
      began.delete(trial.key);
      print(`${place(trial)} · failed: ${reason.split('\n')[0]}`);
    },
    stop() {
      clearInterval(tick);
      clear();
    },
  };
}
