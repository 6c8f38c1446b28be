/**
 * When a device may be asked. Virtual time counts seconds from midnight of the first day, and every day is alike; a
 * device that has begun a task goes on with it whatever the hour (that it may not end it is `failureRate`).
 *
 * Phones take part at night, idle, charging and on a free network (Bonawitz et al. 2019, section 9): a window a day,
 * moved a little from one owner to the next.
 */
import { z } from 'zod';
import { stream } from '../math/rng.js';
import { WINDOW_SLOT } from './quantities.js';

const DAY_HOURS = 24;
const HOUR_SECONDS = 3600;

const hour = z.number().min(0).max(DAY_HOURS);

export const availabilitySchema = z
  .union([
    z.number().gt(0).max(1).describe('Probability of being available, drawn for each client and hour.'),
    z
      .strictObject({
        from: hour.describe('Hour of the day at which the window opens.'),
        to: hour.describe('Hour at which it closes; before `from`, it is the next day.'),
        spreadHours: z
          .number()
          .min(0)
          .max(DAY_HOURS)
          .default(0)
          .describe('Each client’s window is moved by up to half of this, either way.'),
      })
      .refine(({ from, to }) => from !== to, { path: ['to'], message: 'another hour than from' }),
  ])
  .describe('When the devices may be asked to train: a daily window, or a probability. Default: always.');

export type AvailabilitySpec = z.output<typeof availabilitySchema>;

/** Hours of the day [from, to); past midnight if `to` is less. */
export type Window = readonly [from: number, to: number];

/** Whether a client is available at a moment of virtual time, in seconds. */
export type Availability = (seconds: number) => boolean;

export const always: Availability = () => true;

/** The availability of one client. */
export function createAvailability(spec: AvailabilitySpec | undefined, seed: number, client: number): Availability {
  if (spec === undefined) return always;
  if (typeof spec === 'number') {
    return (seconds) => stream(seed, 'availability', Math.floor(seconds / HOUR_SECONDS), client).uniform() < spec;
  }
  const { from, to, spreadHours } = spec;
  const moved = spreadHours === 0 ? 0 : spreadHours * (stream(seed, 'device', WINDOW_SLOT, client).uniform() - 0.5);
  return insideWindows([[from, to]], moved);
}

/** @param moved hours by which the windows stand later */
export function insideWindows(windows: readonly Window[], moved = 0): Availability {
  return (seconds) => {
    const hours = seconds / HOUR_SECONDS - moved;
    const ofDay = hours - DAY_HOURS * Math.floor(hours / DAY_HOURS);
    return windows.some(([from, to]) => (from < to ? from <= ofDay && ofDay < to : ofDay >= from || ofDay < to));
  };
}
