/**
 * A cohort among those that are available: uniform over them, at a cost of cohort/availability. Where too few are, the
 * virtual clock waits.
 *
 * The rule: clients are looked at in the order of the round's uniform shuffle, LOOKED_AT + LOOKED_AT_EACH · size of them
 * at most, and the first `size` that are admitted and available are taken. If those are too few, the clock goes on to
 * the next quarter of an hour, for a day at most, since days are alike; then the largest cohort that there was is taken,
 * at the first moment that had it.
 */
import { uniformOrder } from '../federation/sampler/uniform.js';
import type { Availability } from './availability.js';
import type { Devices } from './devices.js';

const QUARTER_SECONDS = 900;
const QUARTERS_A_DAY = 96;
const LOOKED_AT = 1000;
const LOOKED_AT_EACH = 100;

export interface Selection {
  readonly population: number;
  /** At least 1. */
  readonly size: number;
  readonly seed: number;
  /** Number of the selection: its round, or a count. */
  readonly round: number;
  /** Virtual time in seconds. */
  readonly time: number;
  /** Clients that may not be taken. */
  readonly excluded?: ReadonlySet<number>;
}

export interface Selected {
  /** Ascending; empty if nobody is available for a day. */
  readonly clients: readonly number[];
  /** When they were selected. */
  readonly time: number;
}

/** Selects now, waiting for nobody. `scarce`: fewer than asked for, because someone looked at was not available. */
export function selectNow(devices: Devices, selection: Selection): Selected & { readonly scarce: boolean } {
  const look = candidates(devices, selection);
  const { clients, scarce } = look(selection.time);
  return { clients, scarce, time: selection.time };
}

/** Selects, waiting for a day at most. */
export function selectAvailable(devices: Devices, selection: Selection): Selected {
  const look = candidates(devices, selection);
  let best: Selected = { clients: [], time: selection.time };
  let { time } = selection;
  for (let waited = 0; waited <= QUARTERS_A_DAY; waited++, time = nextQuarter(time)) {
    const { clients, scarce } = look(time);
    if (clients.length > best.clients.length) best = { clients, time };
    if (!scarce) return best;
  }
  return best;
}

/** ⌈factor · size⌉, as meant in decimals: 1.1 times 10 is 11 though the float product is a little more. */
export function overSelected(size: number, factor: number): number {
  return Math.ceil(Math.round(size * factor * 1e6) / 1e6);
}

/** The next full quarter of an hour. */
export function nextQuarter(seconds: number): number {
  return (Math.floor(seconds / QUARTER_SECONDS) + 1) * QUARTER_SECONDS;
}

/** The order of the clients does not depend on time, so it is drawn once, as far as anyone looks. */
function candidates(devices: Devices, { population, size, seed, round, excluded }: Selection) {
  const order = uniformOrder(population, seed, round);
  const known: { client: number; available: Availability }[] = [];
  const limit = Math.min(LOOKED_AT + LOOKED_AT_EACH * size, population);
  const at = (index: number) => {
    while (known.length <= index && known.length < limit) {
      const { value: client } = order.next();
      if (client === undefined) break;
      if (!excluded?.has(client)) known.push({ client, available: devices.availabilityOf(client) });
    }
    return known[index] as (typeof known)[number] | undefined;
  };
  return (time: number): { clients: number[]; scarce: boolean } => {
    const clients: number[] = [];
    let refused = false;
    for (let index = 0; clients.length < size; index++) {
      const candidate = at(index);
      if (candidate === undefined) break;
      if (candidate.available(time)) clients.push(candidate.client);
      else refused = true;
    }
    return { clients: clients.sort((a, b) => a - b), scarce: refused && clients.length < size };
  };
}
