/** What a run leaves behind: the lines of rounds.jsonl and clients.jsonl, and summary.json. */
import type { FaultKind } from '../../shared/federation/faults/rules.js';
import type { FailureCode, TrainingMetrics, Used } from '../../shared/training/reply.js';
import type { BatchSize } from '../../shared/training/round-plan.js';
import type { LoopDelay } from '../times/loop-delay.js';
import type { ThreadTimes } from '../times/time-table.js';

/** One line of rounds.jsonl. */
export interface RoundRecord {
  /** 0-based. */
  readonly round: number;
  readonly learningRate: number;
  readonly batchSize: BatchSize;
  readonly localEpochs: number | null;
  readonly localSteps: number | null;
  readonly cohortSize: number;
  readonly serverLearningRate: number;
  readonly serverMomentum: number;
  /** Null where nothing schedules it: then the optimizer's own constant holds, or none at all. */
  readonly clientMomentum: number | null;
  readonly proximalMu: number | null;
  readonly weightDecay: number | null;
  readonly clipNorm: number | null;
  /**
   * SGD noise scale, estimated as η·n/B with n the examples of all clients (Smith & Le 2018); the mean shard stands for a
   * full batch.
   */
  readonly noiseScale: number;
  readonly cohort: readonly number[];
  /** Updates that were counted. */
  readonly replies: number;
  readonly failures: readonly { client: number; code: FailureCode; reason: string; fault?: FaultKind }[];
  /** How many clients of the cohort each fault of the scenario befell. */
  readonly faults: { readonly [kind in FaultKind]?: number };
  /** Further copies of counted updates; they were not counted. */
  readonly duplicates: number;
  /** False if there were fewer replies than the minimum: the model is as it was. */
  readonly committed: boolean;
  /** Mean over the examples that the counted updates used; null without any. */
  readonly trainLoss: number | null;
  /** Null in rounds without evaluation. */
  readonly testLoss: number | null;
  readonly testAccuracy: number | null;
  /** Examples used and local steps made by the counted updates. */
  readonly examples: number;
  readonly steps: number;
  /** The same, of all rounds so far. */
  readonly totalExamples: number;
  readonly totalSteps: number;
  /** Bytes on the wire in this round. */
  readonly bytesDown: number;
  readonly bytesUp: number;
  /** Down and up, of all rounds so far. */
  readonly totalBytes: number;
  /** Virtual clock at the end of the round; joules and bytes that all tasks so far have cost. Null without devices. */
  readonly simulatedSeconds: number | null;
  readonly simulatedJoules: number | null;
  readonly simulatedBytes: number | null;
  /** Clients of the cohort that were aborted in virtual time since enough had replied; they did not train. */
  readonly surplus: readonly number[];
  /** Mean staleness of the counted updates, in server versions; null in synchronous rounds. */
  readonly meanStaleness: number | null;
  readonly ms: RoundTimes;
  /** SHA-256 of the global weights after the round. */
  readonly digest: string;
}

/** A record as it stays in memory: which clients were drawn is on disk alone, or a long run would hold every cohort. */
export type KeptRecord = Omit<RoundRecord, 'cohort'>;

/** Where the time of a round went, in milliseconds. */
export interface RoundTimes {
  /** From the round's beginning until its new weights were there; its evaluation comes after, beside the next round. */
  readonly total: number;
  /** Until plan and weights were handed to every socket. */
  readonly broadcast: number;
  /** The busiest worker's training. */
  readonly train: number;
  /** Waiting for replies beyond that: transport, idle workers. */
  readonly collect: number;
  /** Adding up updates and the server step. */
  readonly aggregate: number;
  readonly evaluate: number;
}

/** One line of clients.jsonl: a counted update, or a failure. */
export type ClientRecord =
  | ({ readonly round: number; readonly client: number; readonly kind: 'update'; readonly worker: number | null } & {
      readonly examples: number;
      /** SHA-256 of local − global as little-endian float32: what a replay must give again. */
      readonly updateDigest: string;
      /** The fault of the scenario that befell the client; the digest is that of what arrived. */
      readonly fault?: FaultKind;
      /** In asynchronous runs: the server version that it began with, and how many steps before `round` that was. */
      readonly startVersion?: number;
      readonly staleness?: number;
      readonly trainMs: number;
    } & TrainingMetrics &
      Used)
  | {
      readonly round: number;
      readonly client: number;
      readonly kind: 'failure';
      /** Null if nobody was asked to train. */
      readonly worker: number | null;
      readonly code: FailureCode;
      readonly reason: string;
      readonly fault?: FaultKind;
      /** In asynchronous runs, of a client that was asked to train: the server version that it began with. */
      readonly startVersion?: number;
    };

/** Why a run ended. */
export type Outcome = 'target' | 'flat' | 'rounds' | 'interrupted' | 'diverged' | 'failed';

export interface Summary {
  readonly name: string;
  readonly seed: number;
  readonly outcome: Outcome;
  /** Rounds done. */
  readonly rounds: number;
  /** SHA-256 of the final weights as little-endian float32. */
  readonly digest: string;
  readonly finalAccuracy: number | null;
  readonly finalLoss: number | null;
  readonly bestAccuracy: number | null;
  /** Rounds until a target was reached; null if it was not. */
  readonly roundsToTarget: number | null;
  /** In virtual time; null without devices, and to the target if it was not reached. */
  readonly simulatedSeconds: number | null;
  readonly simulatedSecondsToTarget: number | null;
  readonly simulatedJoules: number | null;
  readonly simulatedBytes: number | null;
  readonly examples: number;
  readonly steps: number;
  readonly failures: number;
  /** Bytes on the wire in the recorded rounds. */
  readonly bytesDown: number;
  readonly bytesUp: number;
  readonly wallMs: number;
  readonly pool: string;
  readonly workers: number;
  readonly kernels: string;
  readonly clients: number;
  readonly parameters: number;
  /** Where the time went, in milliseconds, a row a thread. */
  readonly times: readonly ThreadTimes[];
  /** How long the coordinator's event loop was busy at a stretch while the rounds ran, in milliseconds. */
  readonly loopDelayMs: LoopDelay;
  /** The run directory. */
  readonly directory: string;
}
