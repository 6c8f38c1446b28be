/**
 * What an asynchronous run holds besides its weights: the timeline, what tasks in flight begin with, and what those that
 * have trained already came to. Immutable, so that a round that is dropped leaves the state of the one before.
 */
import type { TimelineState } from '../shared/federation/asynchronous/timeline.js';
import type { HyperparameterValues } from '../shared/schedule/hyperparameters.js';
import type { CountedUpdate, Failure } from '../shared/training/reply.js';
import type { ClientRecord } from './store/records.js';

/** A server version from which tasks in flight have yet to train. */
export interface StartVersion {
  /** [p] */
  readonly weights: Float32Array;
  /** What adaptive schedules said then. */
  readonly overrides: HyperparameterValues;
}

/** A task that has trained, before virtual time has come to its end. */
export interface TrainedTask {
  readonly record: ClientRecord;
  readonly reply: Omit<CountedUpdate, 'delta'> | Failure;
  /** What the algorithm keeps of it [p]; undefined for a failure. */
  readonly kept: Float32Array | undefined;
}

export interface InFlight {
  readonly timeline: TimelineState;
  readonly versions: ReadonlyMap<number, StartVersion>;
  /** By the number of the task. */
  readonly trained: ReadonlyMap<number, TrainedTask>;
}

/** Of versions and trained tasks, those that tasks still in flight need. */
export function stillNeeded({ timeline, versions, trained }: InFlight): InFlight {
  const flying = timeline.inFlight.filter(({ drops }) => !drops);
  const tasks = new Set(flying.map(({ task }) => task));
  const starts = new Set(flying.filter(({ task }) => !trained.has(task)).map(({ startVersion }) => startVersion));
  return {
    timeline,
    versions: new Map([...versions].filter(([version]) => starts.has(version))),
    trained: new Map([...trained].filter(([task]) => tasks.has(task))),
  };
}

/** An in-flight state but for its tensors, for a checkpoint. */
export interface InFlightJson {
  readonly timeline: TimelineState;
  readonly versions: readonly { readonly version: number; readonly overrides: HyperparameterValues }[];
  readonly trained: readonly { readonly task: number; readonly record: unknown; readonly reply: unknown }[];
}

/** @returns tensors as `version.<version>` and `task.<task>`, each [p] */
export function encodeInFlight({ timeline, versions, trained }: InFlight): {
  json: InFlightJson;
  tensors: ReadonlyMap<string, Float32Array>;
} {
  const tensors = new Map<string, Float32Array>();
  for (const [version, { weights }] of versions) tensors.set(`version.${version}`, weights);
  for (const [task, { kept }] of trained) if (kept !== undefined) tensors.set(`task.${task}`, kept);
  return {
    json: {
      timeline,
      versions: [...versions].map(([version, { overrides }]) => ({ version, overrides })),
      trained: [...trained].map(([task, { record, reply }]) => ({
        task,
        record: written(record),
        reply: written(reply),
      })),
    },
    tensors,
  };
}

/** @throws RangeError if a tensor is missing */
export function decodeInFlight(json: InFlightJson, tensors: ReadonlyMap<string, Float32Array>): InFlight {
  const tensorOf = (name: string): Float32Array => {
    const values = tensors.get(name);
    if (values !== undefined) return values;
    throw new RangeError(`tensor ${name} is missing`);
  };
  return {
    timeline: json.timeline,
    versions: new Map(
      json.versions.map(({ version, overrides }) => [version, { weights: tensorOf(`version.${version}`), overrides }]),
    ),
    trained: new Map(
      json.trained.map((one): [number, TrainedTask] => {
        const [record, reply] = [read(one.record) as ClientRecord, read(one.reply) as TrainedTask['reply']];
        const kept = reply.kind === 'update' ? tensorOf(`task.${one.task}`) : undefined;
        return [one.task, { record, reply, kept }];
      }),
    ),
  };
}

/** JSON has no NaN or infinity, which a loss may be, or a norm that nobody asked for: they are kept by their names. */
const NAMED = new Map(
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => [String(value), value]),
);

function written(value: unknown): unknown {
  return mapped(value, (leaf) =>
    typeof leaf === 'number' && !Number.isFinite(leaf) ? { number: String(leaf) } : leaf,
  );
}

function read(value: unknown): unknown {
  return mapped(value, (leaf) => {
    const name = typeof leaf === 'object' && leaf !== null && 'number' in leaf ? leaf.number : undefined;
    return typeof name === 'string' ? NAMED.get(name) : leaf;
  });
}

/** The fields of an object, and of objects in them, changed from the inside out. */
function mapped(value: unknown, change: (part: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return change(value);
  return change(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, mapped(part, change)])));
}
