/** A scenario as the rest of the house sees it: complete, free of contradictions, frozen. */
import { FedtempoError } from '../errors.js';
import { type AlgorithmSpec, createRule, isAsynchronous, keepsClientState } from '../federation/algorithm.js';
import { checkPlan } from '../schedule/check.js';
import { checkDevices, checkOverSelection } from './check-devices.js';
import { checkFaults } from './check-faults.js';
import { checkHierarchy } from './check-hierarchy.js';
import { checkOwnData } from './check-own-data.js';
import { planScenario } from './plan.js';
import type { ParsedScenario } from './schema.js';

export interface Scenario extends ParsedScenario {
  readonly federation: ParsedScenario['federation'] & { readonly cohort: { readonly size: number } };
}

/** Says where a dotted path stands: `file.yaml:12: federation.cohort.size`. */
export type Locate = (path: string) => string;

/**
 * Fills in what depends on other values and refuses contradictions.
 *
 * @throws FedtempoError SCENARIO_CONTRADICTION
 */
export function completeScenario(parsed: ParsedScenario, locate: Locate): Scenario {
  const { federation, data } = parsed;
  const population = data.partition.clients;
  if (federation.localEpochs !== undefined && federation.localSteps !== undefined) {
    throw contradiction(locate('federation.localSteps'), 'localEpochs and localSteps are both given', {
      found: `localEpochs: ${federation.localEpochs} and localSteps: ${federation.localSteps}`,
      expected: 'one of the two',
      fix: 'remove federation.localEpochs or federation.localSteps',
    });
  }
  refuseTwoAmountsOfWork(parsed, locate);
  refuseIdleMomentum(parsed, locate);
  locating(locate, () => checkHierarchy(parsed));
  refuseOtherOptimizers(parsed, locate);
  locating(locate, () => checkOwnData(parsed));
  locating(locate, () => checkDevices(parsed));
  locating(locate, () => checkFaults(parsed));
  const { localEpochs: _, localSteps: __, ...rest } = federation;
  const size = cohortSize(federation.cohort, population, locate);
  const [replies, of] = mostReplies(federation.algorithm, size);
  if (federation.minimumReplies > replies) {
    throw contradiction(locate('federation.minimumReplies'), 'no round could ever have the minimum of replies', {
      found: `minimumReplies: ${federation.minimumReplies} of a ${of} of ${replies}`,
      expected: `at most ${replies}`,
      fix: `lower federation.minimumReplies or take a larger ${of}`,
    });
  }
  locating(locate, () => checkOverSelection(federation.overSelection, size, population));
  const work = localWork(parsed);
  const scenario = deepFreeze({ ...parsed, federation: { ...rest, ...work, cohort: { size } } });
  locating(locate, () => checkPlan(planScenario(scenario)));
  return scenario;
}

/** Momentum that no optimizer uses must not pass for one that does nothing. */
function refuseIdleMomentum({ federation, schedules }: ParsedScenario, locate: Locate): void {
  const { kind } = federation.clientOptimizer;
  if (schedules.clientMomentum === undefined || kind === 'momentum' || kind === 'nesterov') return;
  throw contradiction(locate('schedules.clientMomentum'), 'the client optimizer has no momentum', {
    found: `schedules.clientMomentum with federation.clientOptimizer.kind: ${kind}`,
    expected: 'momentum or nesterov',
    fix: 'set federation.clientOptimizer.kind to momentum or nesterov, or remove schedules.clientMomentum',
  });
}

/** Control variates are estimated from Δ = −Σ η_t g_t, which holds for plain SGD alone. */
function refuseOtherOptimizers({ federation }: ParsedScenario, locate: Locate): void {
  const { algorithm, clientOptimizer } = federation;
  if (!keepsClientState(algorithm) || clientOptimizer.kind === 'sgd') return;
  throw contradiction(locate('federation.clientOptimizer.kind'), 'the algorithm needs plain SGD at the clients', {
    found: `clientOptimizer: { kind: ${clientOptimizer.kind} } with algorithm: { kind: ${algorithm.kind} }`,
    expected: 'sgd, from whose steps a client can tell its mean gradient',
    fix: 'set federation.clientOptimizer.kind to sgd or federation.algorithm.kind to fedavg',
  });
}

/** Local work is counted in epochs or in steps; a schedule takes the place of the number of the same name only. */
function refuseTwoAmountsOfWork({ federation, schedules }: ParsedScenario, locate: Locate): void {
  const [epochs, steps] = [schedules.localEpochs !== undefined, schedules.localSteps !== undefined];
  const other =
    epochs && steps
      ? 'schedules.localEpochs'
      : epochs && federation.localSteps !== undefined
        ? 'federation.localSteps'
        : steps && federation.localEpochs !== undefined
          ? 'federation.localEpochs'
          : undefined;
  if (other === undefined) return;
  const own = steps ? 'schedules.localSteps' : 'schedules.localEpochs';
  throw contradiction(locate(own), 'local work is given in epochs and in steps', {
    found: `${own} and ${other}`,
    expected: 'one of the two',
    fix: `remove ${own} or ${other}`,
  });
}

/** The most replies that a server step can have, and what holds them. */
function mostReplies(algorithm: AlgorithmSpec, cohort: number): readonly [number, string] {
  if (!isAsynchronous(algorithm)) return [cohort, 'cohort'];
  return [createRule(algorithm).bufferSize, 'buffer'];
}

/** Gives an error that names a path of the scenario its file and line. */
export function locating<T>(locate: Locate, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FedtempoError) || error.details.where === undefined) throw error;
    throw new FedtempoError(error.code, error.summary, { ...error.details, where: locate(error.details.where) }, error);
  }
}

/** The number that holds, if no schedule takes its place: one epoch unless the file says otherwise. */
function localWork({ federation: { localEpochs, localSteps }, schedules }: ParsedScenario) {
  if (schedules.localEpochs !== undefined || schedules.localSteps !== undefined) return {};
  return localSteps === undefined ? { localEpochs: localEpochs ?? 1 } : { localSteps };
}

function cohortSize(cohort: ParsedScenario['federation']['cohort'], population: number, locate: Locate): number {
  const { size, fraction } = cohort;
  if ((size === undefined) === (fraction === undefined)) {
    throw contradiction(locate('federation.cohort'), 'a cohort is given by its size or as a fraction', {
      found: size === undefined ? 'neither' : 'both',
      expected: 'cohort: { size: 10 } or cohort: { fraction: 0.1 }',
    });
  }
  if (size === undefined) return Math.max(1, Math.round(population * (fraction as number)));
  if (size <= population) return size;
  throw contradiction(locate('federation.cohort.size'), 'the cohort is larger than the population', {
    found: `a cohort of ${size} out of ${population} clients`,
    expected: `at most ${population}`,
    fix: 'lower federation.cohort.size or raise data.partition.clients',
  });
}

function contradiction(where: string, summary: string, rest: { found: string; expected: string; fix?: string }) {
  return new FedtempoError('SCENARIO_CONTRADICTION', summary, { where, ...rest });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
