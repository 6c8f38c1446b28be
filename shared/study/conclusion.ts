/**
 * The study in one paragraph that claims no more than the data do.
 *
 * An interval of the paired difference that holds 0 reads "no difference was shown", never "equal"; few seeds, missed
 * targets, diverged and failed trials are said.
 */
import { writeInterval } from './format.js';
import { type MeasureName, measures } from './measures.js';
import type { ArmResult, StudyResult } from './result.js';
import type { Interval } from './statistics.js';

/** With fewer seeds an interval rests on too little to be leant upon. */
export const ENOUGH_SEEDS = 5;

/** What the paragraph speaks of; the table has the rest. */
const QUALITY: readonly MeasureName[] = ['finalTestLoss', 'finalTestAccuracy', 'spreadTestLoss'];

type Verdict = 'unknown' | 'none' | 'lower' | 'higher';

/** What a difference and its interval allow to be said. */
export function verdictOf(difference: Interval | null): Verdict {
  if (difference === null || difference.low === null || difference.high === null) return 'unknown';
  if (difference.low > 0) return 'higher';
  return difference.high < 0 ? 'lower' : 'none';
}

export function conclusionOf(result: StudyResult): string {
  const [first, ...others] = result.arms;
  const seeds = result.seeds.length;
  const sentences = [
    `${plural(seeds, 'seed')}; each arm is compared with “${first.label}” on the same seeds (in brackets: the difference and its 95 % interval).`,
    ...others.flatMap((arm) => [...quality(arm, first), ...work(arm, first), ...toTarget(arm, first, result)]),
    ...endings(result),
    ...caution(result),
  ];
  // No line ends between a number and its per cent sign.
  return sentences.join(' ').replaceAll(' %', '\u00a0%');
}

function quality(arm: ArmResult, first: ArmResult): string[] {
  const found = QUALITY.map((name) => ({ name, verdict: verdictOf(arm.measures[name].difference) }));
  const of = (...verdicts: Verdict[]) => found.filter(({ verdict }) => verdicts.includes(verdict));
  const shown = of('lower', 'higher').map(
    ({ name, verdict }) =>
      `a ${verdict} ${measures[name].label}${relative(arm, first, name)} (${difference(arm, name)})`,
  );
  const none = of('none').map(({ name }) => `${measures[name].label} (${difference(arm, name)})`);
  const label = `“${arm.label}”`;
  const differs = shown.length === 0 ? [] : [`${label} had ${list(shown, 'and')} than “${first.label}”.`];
  const same = none.length === 0 ? [] : [`For ${label} no difference was shown in ${list(none, 'or')}.`];
  // The first measure is the one that a reader looks for.
  return found[0].verdict === 'none' ? [...same, ...differs] : [...differs, ...same];
}

/** What an arm spent over whole trials, where that differs. */
function work(arm: ArmResult, first: ArmResult): string[] {
  const { interval, difference: by } = arm.measures.steps;
  const other = first.measures.steps.interval;
  if (interval === null || other === null || by === null || by.mean === 0) return [];
  const [mine, theirs] = [writeInterval('count', interval).mean, writeInterval('count', other).mean];
  const share = (100 * (interval.mean / other.mean)).toFixed(0);
  if (by.sd === 0) return [`It made ${mine} local steps in each trial, “${first.label}” ${theirs} (${share} %).`];
  const verdict = verdictOf(by);
  if (verdict === 'none' || verdict === 'unknown') return [];
  return [`It made ${mine} local steps on average, “${first.label}” ${theirs} (${share} %).`];
}

/** Trials that missed the target have no figure, so a comparison of the others would be one of survivors. */
function toTarget(arm: ArmResult, first: ArmResult, { target, seeds }: StudyResult): string[] {
  if (target === null) return [];
  const all = seeds.length;
  if (arm.reached === 0 && first.reached === 0) return [`Neither it nor “${first.label}” reached the target.`];
  if (arm.reached !== all || first.reached !== all) {
    const reached = `It reached the target in ${arm.reached} of ${all} trials, “${first.label}” in ${first.reached}`;
    return [`${reached}: how fast they reach it is therefore not compared.`];
  }
  return (['roundsToTarget', 'stepsToTarget'] as const).map((name) => {
    const { label } = measures[name];
    const by = arm.measures[name].difference;
    const verdict = verdictOf(by);
    if (verdict === 'unknown')
      return `Its ${label} differed by ${writeInterval('count', by, { difference: true }).mean}.`;
    if (verdict === 'none') {
      const same = by?.mean === 0 && by.sd === 0;
      return same
        ? `Its ${label} were the same in every trial.`
        : `No difference was shown in its ${label} (${difference(arm, name)}).`;
    }
    return `It needed ${verdict === 'lower' ? 'fewer' : 'more'} ${label} (${difference(arm, name)}).`;
  });
}

function endings({ arms }: StudyResult): string[] {
  const diverged = arms.filter((arm) => arm.diverged > 0);
  const failed = arms.filter((arm) => arm.failed > 0);
  const counts = (list: readonly ArmResult[], what: 'diverged' | 'failed') =>
    list.map((arm) => `${arm[what]} of “${arm.label}”`).join(', ');
  return [
    ...(diverged.length > 0
      ? [
          `Trials that diverged: ${counts(diverged, 'diverged')}; they are in no mean, so the figures of these arms are those of the trials that survived.`,
        ]
      : []),
    ...(failed.length > 0 ? [`Trials that failed and are missing: ${counts(failed, 'failed')}.`] : []),
  ];
}

function caution({ seeds, arms }: StudyResult): string[] {
  const n = seeds.length;
  const none = arms.some(({ measures: of }) => QUALITY.some((name) => verdictOf(of[name].difference) === 'none'));
  const few =
    n === 1
      ? ['With one seed no difference can be told from chance.']
      : n < ENOUGH_SEEDS
        ? [`Fewer than ${ENOUGH_SEEDS} seeds: take all of this as a hint, not as a finding.`]
        : [];
  return [
    ...(none
      ? ['“No difference shown” does not mean equal: the interval says how far apart the arms may still be.']
      : []),
    ...few,
  ];
}

/** `−0.012; −0.016 to −0.008` */
function difference(arm: ArmResult, name: MeasureName): string {
  const { mean, range } = writeInterval(measures[name].unit, arm.measures[name].difference, { difference: true });
  return `${mean}; ${range}`;
}

/** ` by 7 %`: how large a shown difference of losses is beside the first arm's own mean. */
function relative(arm: ArmResult, first: ArmResult, name: MeasureName): string {
  const [by, of] = [arm.measures[name].difference?.mean ?? 0, first.measures[name].interval?.mean ?? 0];
  if (measures[name].unit !== 'loss' || of <= 0) return '';
  const share = Math.abs(by / of) * 100;
  return share > 999 ? '' : ` by ${share < 10 ? share.toFixed(1) : share.toFixed(0)} %`;
}

function list(items: readonly string[], word: 'and' | 'or'): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} ${word} ${items[items.length - 1]}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
