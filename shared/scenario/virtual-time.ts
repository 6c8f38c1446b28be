/**
 * Virtual time of a scenario: who is selected when, how long each task takes, and how a round or a server version comes
 * to its end. All of it follows from the scenario, the seed and the sizes of shards, before anything is trained.
 */
import { createDevices } from '../devices/devices.js';
import { nextQuarter, overSelected, selectAvailable, selectNow } from '../devices/select.js';
import { type SimulatedRound, simulateRound } from '../devices/simulate-round.js';
import { costUntil, courseOf, drawLuck, endOf, type TaskCourse } from '../devices/task.js';
import { FedtempoError } from '../errors.js';
import { createRule, isAsynchronous, keepsClientState } from '../federation/algorithm.js';
import { createTimeline, type Timeline } from '../federation/asynchronous/timeline.js';
import { silences } from '../federation/faults/faults.js';
import type { FaultKind } from '../federation/faults/rules.js';
import type { HyperparameterValues } from '../schedule/hyperparameters.js';
import { plannedExamples } from '../schedule/planned-work.js';
import { faultsOf } from './faults.js';
import type { Scenario } from './scenario.js';

export interface VirtualTimeOptions {
  readonly scenario: Scenario;
  /** p */
  readonly parameters: number;
  /** n_k */
  readonly shardSize: (client: number) => number;
}

/** A synchronous round, known before it is trained. */
export interface VirtualRound extends SimulatedRound {
  /** Everyone who was selected, ascending. */
  readonly selected: readonly number[];
  /** Virtual time of the selection. */
  readonly start: number;
  /** Clients that a fault of the scenario silences, and which; what they are recorded as, if it happens before the end. */
  readonly silenced: ReadonlyMap<number, FaultKind>;
}

export interface VirtualTime {
  /**
   * @param clock virtual time in seconds at which the round before ended
   * @param cohortSize replies waited for, m
   * @throws FedtempoError DEVICES_INVALID if nobody is available for a day
   */
  round(request: { round: number; clock: number; cohortSize: number; values: HyperparameterValues }): VirtualRound;
  /**
   * The timeline of an asynchronous scenario.
   *
   * @param valuesAt the scheduled values of a server version; asked for the present version alone
   */
  timeline(valuesAt: (version: number) => HyperparameterValues): Timeline;
}

/** Undefined for a scenario without devices. */
export function virtualTime({ scenario, parameters, shardSize }: VirtualTimeOptions): VirtualTime | undefined {
  const { devices: spec, federation, data, seed } = scenario;
  if (spec === undefined) return undefined;
  const devices = createDevices(spec, seed);
  const population = data.partition.clients;
  const { algorithm, deadlineSeconds, overSelection = 1 } = federation;

  // A device with state keeps it; what it exchanges besides is the server's control variate and the change of its own.
  const exchanged = keepsClientState(algorithm) ? 2 * parameters : parameters;
  const faults = faultsOf(scenario);

  /** The fault that silences a client, if one does. @param round the round, or the version that the task begins with */
  const silencer = (round: number, client: number): FaultKind | undefined => {
    const kind = faults.of(round, client)?.kind;
    return silences(kind) ? kind : undefined;
  };

  /** @param number of the task, for its luck: the round, or the count of tasks */
  const course = (client: number, round: number, number: number, values: HyperparameterValues): TaskCourse => {
    const device = devices.deviceOf(client);
    const extraSeconds = faults.none ? 0 : faults.delaySeconds(round, client);
    const work = { client, examples: examplesOf(values, shardSize(client)), parameters: exchanged, extraSeconds };
    const luck = drawLuck(device, seed, number, client);
    const planned = courseOf(device, work, luck);
    const silent = faults.none ? undefined : silencer(round, client);
    // Whoever is late has done all the work; whoever is gone leaves at any moment.
    return silent === undefined
      ? planned
      : { ...planned, dropsAfter: silent === 'late' ? planned.seconds : luck.at * planned.seconds };
  };

  return {
    round: ({ round, clock, cohortSize, values }) => {
      const size = Math.min(population, overSelected(cohortSize, overSelection));
      const { clients: selected, time: start } = selectAvailable(devices, {
        population,
        size,
        seed,
        round,
        time: clock,
      });
      if (selected.length === 0) throw nobodyAvailable(clock);
      const tasks = selected.map((client) => course(client, round, round, values));
      const silent = faults.none ? [] : selected.map((client) => [client, silencer(round, client)] as const);
      const silenced = new Map(
        silent.flatMap(([client, kind]) => (kind === undefined ? [] : [[client, kind] as const])),
      );
      return { selected, start, silenced, ...simulateRound({ start, tasks, target: cohortSize, deadlineSeconds }) };
    },
    timeline: (valuesAt) => {
      if (!isAsynchronous(algorithm)) throw new Error(`${algorithm.kind} has no timeline`);
      return createTimeline({
        bufferSize: createRule(algorithm).bufferSize,
        maxStaleness: algorithm.maxStaleness,
        concurrency: (version) => valuesAt(version).cohortSize ?? federation.cohort.size,
        select: ({ count, selection, time, excluded }) => {
          const request = { population, size: count, seed, round: selection, time, excluded };
          const { clients, scarce } = selectNow(devices, request);
          return { clients, wakeAt: scarce ? nextQuarter(time) : null };
        },
        begin: ({ task, client, version }) => {
          const planned = course(client, version, task, valuesAt(version));
          const fault = faults.none ? undefined : silencer(version, client);
          const seconds = endOf(planned);
          const drops = planned.dropsAfter !== null;
          return { seconds, drops, ...(fault && { fault }), ...costUntil(planned, seconds) };
        },
        nobodyAvailable,
      });
    },
  };
}

/** Examples that a client's training uses, each counted once for each use. */
function examplesOf({ batchSize = 'full', localEpochs, localSteps }: HyperparameterValues, shard: number): number {
  return plannedExamples(
    { batchSize, localEpochs: localSteps === undefined ? localEpochs : undefined, localSteps },
    shard,
  );
}

function nobodyAvailable(seconds: number): FedtempoError {
  return new FedtempoError('DEVICES_INVALID', 'nobody is available for a day of virtual time', {
    where: 'devices',
    found: `no client from ${(seconds / 3600).toFixed(2)} hours on`,
    expected: 'clients whose windows of availability are within reach',
    fix: 'widen availability, or have more clients',
  });
}
