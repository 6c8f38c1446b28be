/**
 * The hyperparameters of a run together with how far the run will have come by each round. The two depend on each other
 * (steps follow from the batch size, a rate may count steps), so positions are worked out only where a schedule asks.
 *
 * The position at the start of round r is Σ over the rounds before it of the planned local steps of a client with the
 * mean shard, n/C examples; examples likewise, times the cohort. Planned, not what happened: the same in every pool.
 */
import {
  createResolver,
  type HyperparameterSpecs,
  type HyperparameterValues,
  type Resolver,
} from './hyperparameters.js';
import { DependsOnLater, TotalsUnknown } from './kind.js';
import type { HyperparameterName } from './names.js';
import { type LocalWorkload, plannedExamples, plannedSteps, runningSum } from './planned-work.js';
import { makeProgress, type Progress, type Totals, type Unit } from './schedule.js';

/** The size of a run. */
export interface RunShape {
  /** T */
  readonly rounds: number;
  /** C: clients in the population. */
  readonly clients: number;
  /** n: training examples of all clients. Undefined until the data are open: what needs it is refused until then. */
  readonly examples?: number | undefined;
}

export interface RunPlan {
  readonly shape: RunShape;
  readonly resolver: Resolver;
  readonly totals: Totals;
  /** n/C. @throws FedtempoError SCHEDULE_INVALID before the data are open */
  meanShard(): number;
  /** The progress at the start of a round. Its steps and examples are worked out when they are read. */
  progressAt(round: number): Progress;
  /** The progress of a client that has done `localStep` steps of the round. */
  progressWithin(round: number, localStep: number): Progress;
  /** Every value as used at the start of a round. */
  values(round: number): HyperparameterValues;
  /** The values of one hyperparameter along the local steps of a round; held unless it counts steps. */
  along(name: HyperparameterName, round: number): (localStep: number) => number | 'full';
  /** Planned local steps and examples of one round. */
  stepsIn(round: number): number;
  examplesIn(round: number): number;
}

/** @throws FedtempoError SCHEDULE_INVALID */
export function planRun(specs: HyperparameterSpecs, shape: RunShape): RunPlan {
  const { rounds, clients, examples } = shape;
  const meanShard = () => {
    if (examples !== undefined) return examples / clients;
    throw new TotalsUnknown('SCHEDULE_INVALID', 'a schedule counts steps or examples, which follow from the data', {
      where: whereOf(resolver),
      found: 'no data',
      expected: 'the number of training examples',
      fix: 'open the data first, or use unit: round',
    });
  };
  const refuse = (what: string) => (): never => {
    throw new DependsOnLater('SCHEDULE_INVALID', `a schedule asks for the ${what} of the run, which follow from it`, {
      where: whereOf(resolver),
      found: [...new Set(resolver.pending)].join(' → '),
      expected: 'a schedule whose length does not follow from itself',
      fix: 'give the schedule a length of its own, or use unit: round',
    });
  };
  const workload = (round: number): LocalWorkload => {
    const progress = progressAt(round);
    const number = (name: 'localEpochs' | 'localSteps') =>
      specs[name] === undefined ? undefined : (resolver.value(name, progress) as number);
    return {
      // A batch that cannot matter is not asked for: with local steps it sets no number of steps.
      get batchSize() {
        return specs.batchSize === undefined ? ('full' as const) : resolver.value('batchSize', progress);
      },
      localEpochs: number('localEpochs'),
      localSteps: number('localSteps'),
    };
  };
  const stepsIn = (round: number) => {
    const work = workload(round);
    return work.localSteps ?? plannedSteps(work, meanShard());
  };
  const examplesIn = (round: number) => {
    const cohort = specs.cohortSize === undefined ? 1 : (resolver.value('cohortSize', progressAt(round)) as number);
    return cohort * plannedExamples(workload(round), meanShard());
  };
  const stepsBefore = runningSum(stepsIn, refuse('total steps'));
  const examplesBefore = runningSum(examplesIn, refuse('total examples'));
  const totals: Totals = {
    rounds,
    get steps() {
      return stepsBefore(rounds);
    },
    get examples() {
      return examplesBefore(rounds);
    },
  };
  const progressWithin = (round: number, localStep: number): Progress =>
    makeProgress(
      {
        round,
        get step() {
          return stepsBefore(round) + localStep;
        },
        get examplesSeen() {
          return examplesBefore(round);
        },
      },
      totals,
    );
  const progressAt = (round: number) => progressWithin(round, 0);
  const resolver = createResolver(specs, {
    totals,
    population: clients,
    get meanShard() {
      return meanShard();
    },
    progressAt: (unit, t) => (unit === 'round' ? progressAt(t) : progressAtPosition(unit, t)),
  });

  /** Progress where a boundary of a step or example schedule falls; the round is the one it falls into. */
  function progressAtPosition(unit: Unit, t: number): Progress {
    const before = unit === 'step' ? stepsBefore : examplesBefore;
    let round = 0;
    while (round + 1 < rounds && before(round + 1) <= t) round += 1;
    const at = { round, step: unit === 'step' ? t : stepsBefore(round), examplesSeen: unit === 'step' ? 0 : t };
    return makeProgress(unit === 'step' ? { ...at, examplesSeen: examplesBefore(round) } : at, totals);
  }

  return {
    shape,
    resolver,
    totals,
    meanShard,
    progressAt,
    progressWithin,
    stepsIn,
    examplesIn,
    values: (round) => resolver.values(progressAt(round)),
    along: (name, round) => {
      if (resolver.unitOf(name) === 'step')
        return (localStep) => resolver.value(name, progressWithin(round, localStep));
      const value = resolver.value(name, progressAt(round));
      return () => value;
    },
  };
}

function whereOf({ pending }: Resolver): string {
  return pending.length === 0 ? 'schedules' : `schedules.${pending[pending.length - 1]}`;
}
