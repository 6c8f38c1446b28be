/** When a run ends before its last round: a target was reached, or it can go no further. */
import { FedtempoError } from '../shared/errors.js';
import type { Scenario } from '../shared/scenario/scenario.js';
import type { Evaluation } from './evaluation/evaluator.js';
import type { RoundResult } from './round.js';

/** Rounds in a row below the minimum of replies after which a run gives up. */
const MAX_ABANDONED = 10;

type Replies = Pick<RoundResult, 'updates' | 'failures'>;

/** No update was usable because all that came had left the range: going on would change nothing. */
export function diverged({ updates, failures }: Replies): FedtempoError | undefined {
  // What the scenario's own faults have damaged says nothing about the training.
  const own = failures.filter(({ fault }) => fault === undefined);
  const left = own.filter(({ code }) => code === 'non-finite' || code === 'out-of-range');
  if (updates.length > 0 || left.length === 0) return undefined;
  return new FedtempoError('RUN_DIVERGED', 'no update of the round was finite and within range', {
    found: left[0].reason,
    expected: 'finite updates that move no parameter by more than 64',
    fix: 'lower schedules.learningRate; what was recorded until here is kept',
  });
}

/** @param inARow rounds without a commit, up to this one */
export function starved({ updates, failures }: Replies, inARow: number, minimum: number): FedtempoError | undefined {
  if (inARow < MAX_ABANDONED) return undefined;
  return new FedtempoError('RUN_BELOW_MINIMUM', `${inARow} rounds in a row had fewer replies than the minimum`, {
    found: `${updates.length} replies; ${failures[0]?.reason ?? ''}`,
    expected: `at least ${minimum}`,
    fix: 'see clients.jsonl for the reasons; federation.minimumReplies sets the minimum',
  });
}

export function reachedTarget({ stop }: Scenario, evaluation: Evaluation | undefined): boolean {
  if (evaluation === undefined) return false;
  if (stop.testAccuracy !== undefined && evaluation.accuracy >= stop.testAccuracy) return true;
  return stop.testLoss !== undefined && evaluation.loss <= stop.testLoss;
}
