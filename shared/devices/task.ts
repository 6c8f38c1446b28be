/**
 * How long a task takes on a device and what it costs, from the device and the planned work alone: never from results,
 * real bytes or real speed, so that it is the same in every pool and known before anything is trained.
 *
 *     seconds = latency + bytes/down + examples · e^(σz) / speed + latency + bytes/up + delay
 *
 * with bytes = 4p + HEADER_BYTES each way. Energy is power times time, for training and for the radio; a device that
 * waits for a message uses none.
 */
import { exponential } from '../math/elementary.js';
import { stream } from '../math/rng.js';
import type { Device } from './devices.js';

/** What a message weighs beside the weights, stated here so that it does not depend on the wire. */
export const HEADER_BYTES = 512;

/** What is asked of a device. */
export interface TaskWork {
  readonly client: number;
  /** Examples that local training uses, each counted once for each use. */
  readonly examples: number;
  /** p */
  readonly parameters: number;
  /** Seconds that something else adds, before the reply is on its way. */
  readonly extraSeconds?: number;
}

/** What befalls it. */
export interface TaskLuck {
  /** e^(σz): how many times as long training takes. */
  readonly slowdown: number;
  /** Whether the task drops out. */
  readonly drops: boolean;
  /** At which part of its duration it does, or would, 0..1. */
  readonly at: number;
}

/** A task on its way, in seconds since it began. Plain JSON. */
export interface TaskCourse {
  readonly client: number;
  /** Latency down, download, training, delay and latency up, upload: one after the other. */
  readonly phases: readonly [number, number, number, number, number];
  /** When the reply is there, unless the task drops out. */
  readonly seconds: number;
  /** When it drops out; null if it does not. */
  readonly dropsAfter: number | null;
  readonly bytes: number;
  readonly computeWatts: number;
  readonly radioWatts: number;
}

/** What a task has used. */
export interface TaskCost {
  readonly joules: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
}

/**
 * The luck of a task.
 *
 * @param task the round, or whatever numbers the tasks of a client
 */
export function drawLuck({ failureRate, jitter }: Device, seed: number, task: number, client: number): TaskLuck {
  const random = stream(seed, 'deviceTask', task, client);
  const [drops, at] = [random.uniform() < failureRate, random.uniform()];
  return { slowdown: jitter === 0 ? 1 : exponential(jitter * random.normal()), drops, at };
}

export function courseOf(device: Device, { client, examples, parameters, extraSeconds = 0 }: TaskWork, luck: TaskLuck) {
  const bytes = 4 * parameters + HEADER_BYTES;
  const latency = device.latencyMs / 1000;
  const phases = [
    latency,
    (8 * bytes) / (device.downloadMbps * 1e6),
    (examples * luck.slowdown) / device.examplesPerSecond,
    latency + extraSeconds,
    (8 * bytes) / (device.uploadMbps * 1e6),
  ] as const;
  const seconds = phases.reduce((sum, phase) => sum + phase, 0);
  const dropsAfter = luck.drops ? luck.at * seconds : null;
  const { computeWatts, radioWatts } = device;
  return { client, phases, seconds, dropsAfter, bytes, computeWatts, radioWatts } satisfies TaskCourse;
}

/** When the server hears of it: the reply, or that the device is gone. */
export function endOf({ seconds, dropsAfter }: TaskCourse): number {
  return dropsAfter ?? seconds;
}

/** What a task has cost after so many seconds; work that is wasted costs as much as any. */
export function costUntil(course: TaskCourse, seconds: number): TaskCost {
  const { phases, bytes, computeWatts, radioWatts } = course;
  // A finished task is finished, whatever the rounding of its sum says.
  let left = seconds < course.seconds ? seconds : Number.POSITIVE_INFINITY;
  const [, down, compute, , up] = phases.map((phase) => {
    const spent = Math.max(0, Math.min(left, phase));
    left -= phase;
    return spent;
  });
  const part = (spent: number, phase: number) => Math.floor(bytes * (phase === 0 ? 1 : spent / phase));
  return {
    joules: compute * computeWatts + (down + up) * radioWatts,
    bytesDown: part(down, phases[1]),
    bytesUp: part(up, phases[4]),
  };
}
