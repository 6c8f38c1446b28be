/**
 * Virtual time of a scenario: who is selected when, how long each task takes, and how a round or a server version comes
 * to its end. All of it follows from the scenario, the seed and the sizes of shards, before anything is trained.
 */
import { createDevices } from '../devices/devices.js';
import { nextQuarter, overSelected, selectAvailable, selectNow } from '../devices/select.js';
import { type SimulatedRound, simulateRound } from '../devices/simulate-round.js';
import { costUntil, courseOf, drawLuck, endOf, type TaskCourse } from '../devices/task.js';
import { FedtempoError } from '../errors.js';
import { isAsynchronous } from '../federation/algorithm.js';
import { createTimeline, type Timeline } from '../federation/asynchronous/timeline.js';
import type { HyperparameterValues } from '../schedule/hyperparameters.js';
import { plannedExamples } from '../schedule/planned-work.js';
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
}

export interface VirtualTime {
  /**
   * @param clock virtual time in seconds at which the round before ended
   * @param cohortSize replies waited for, m
   * @throws FedtempoError DEVICES_INVALID if nobody is available for a day
   */
  round(request: {
    round: number;
    clock: number;
    cohortSize: number;
    values: HyperparameterValues;
    /** Seconds that faults add to a client's reply. */
    extraSeconds?: (client: number) => number;
  }): VirtualRound;
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

  /** @param number of the task, for its luck: the round, or the count of tasks */
  const course = (client: number, number: number, values: HyperparameterValues, extraSeconds = 0): TaskCourse => {
    const device = devices.deviceOf(client);
    const work = { client, examples: examplesOf(values, shardSize(client)), parameters, extraSeconds };
    return courseOf(device, work, drawLuck(device, seed, number, client));
  };

  return {
    round: ({ round, clock, cohortSize, values, extraSeconds }) => {
      const size = Math.min(population, overSelected(cohortSize, overSelection));
      const { clients: selected, time: start } = selectAvailable(devices, {
        population,
        size,
        seed,
        round,
        time: clock,
      });
      if (selected.length === 0) throw nobodyAvailable(clock);
      const tasks = selected.map((client) => course(client, round, values, extraSeconds?.(client)));
      return { selected, start, ...simulateRound({ start, tasks, target: cohortSize, deadlineSeconds }) };
    },
    timeline: (valuesAt) => {
      if (!isAsynchronous(algorithm)) throw new Error(`${algorithm.kind} has no timeline`);
      return createTimeline({
        bufferSize: algorithm.kind === 'fedbuff' ? algorithm.bufferSize : 1,
        maxStaleness: algorithm.maxStaleness,
        concurrency: (version) => valuesAt(version).cohortSize ?? federation.cohort.size,
        select: ({ count, selection, time, excluded }) => {
          const request = { population, size: count, seed, round: selection, time, excluded };
          const { clients, scarce } = selectNow(devices, request);
          return { clients, wakeAt: scarce ? nextQuarter(time) : null };
        },
        begin: ({ task, client, version }) => {
          const planned = course(client, task, valuesAt(version));
          const seconds = endOf(planned);
          return { seconds, drops: planned.dropsAfter !== null, ...costUntil(planned, seconds) };
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
