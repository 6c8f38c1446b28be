/** When a run ends before its last round: a target was reached, or it can go no further. */
import { FedtempoError } from '../shared/errors.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import type { RoundRecord } from './store/records.js';

/** Rounds in a row below the minimum of replies after which a run gives up. */
const MAX_ABANDONED = 10;

/** As a round's line has them. */
export type Replies = Pick<RoundRecord, 'replies' | 'failures'>;

/** No update was usable because all that came had left the range: going on would change nothing. */
export function diverged({ replies, failures }: Replies): FedtempoError | undefined {
  // What the scenario's own faults have damaged says nothing about the training.
  const own = failures.filter(({ fault }) => fault === undefined);
  const left = own.filter(({ code }) => code === 'non-finite' || code === 'out-of-range');
  if (replies > 0 || left.length === 0) return undefined;
  return new FedtempoError('RUN_DIVERGED', 'no update of the round was finite and within range', {
    found: left[0].reason,
    expected: 'finite updates that move no parameter by more than 64',
    fix: 'lower schedules.learningRate; what was recorded until here is kept',
  });
}

/** @param inARow rounds without a commit, up to this one */
export function starved({ replies, failures }: Replies, inARow: number, minimum: number): FedtempoError | undefined {
  if (inARow < MAX_ABANDONED) return undefined;
  return new FedtempoError('RUN_BELOW_MINIMUM', `${inARow} rounds in a row had fewer replies than the minimum`, {
    found: `${replies} replies; ${failures[0]?.reason ?? ''}`,
    expected: `at least ${minimum}`,
    fix: 'see clients.jsonl for the reasons; federation.minimumReplies sets the minimum',
  });
}

/** The measures are null in a round that was not evaluated. */
export function reachedTarget(
  { stop }: Scenario,
  { testAccuracy, testLoss }: Pick<RoundRecord, 'testAccuracy' | 'testLoss'>,
): boolean {
  if (stop.testAccuracy !== undefined && testAccuracy !== null && testAccuracy >= stop.testAccuracy) return true;
  return stop.testLoss !== undefined && testLoss !== null && testLoss <= stop.testLoss;
}
