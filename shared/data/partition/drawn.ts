/**
 * A population larger than the dataset: every client draws its own shard from all training examples, so shards overlap.
 *
 * A client is its number and the run's seed. Nothing is stored for it, and its shard, of distinct examples, costs what it
 * holds; a billion clients cost what ten do. Label skew after Hsu, Qi & Brown 2019, "Measuring the Effects of Non-Identical
 * Data Distribution for Federated Visual Classification": shares of labels from a Dirichlet distribution, here over all
 * labels or over a few that the client chooses first, as in McMahan et al. 2017.
 */
import { z } from 'zod';
import { FedtempoError } from '../../errors.js';
import { drawDistinct } from '../../math/draw-distinct.js';
import { dirichlet } from '../../math/gamma.js';
import { type RandomStream, stream } from '../../math/rng.js';
import { checkCount, type Partition, withinPopulation } from './ordered.js';

const size = z.int().min(1).max(1_000_000);

export const drawnSchema = z
  .strictObject({
    kind: z.literal('drawn'),
    clients: z.int().min(1).max(1_000_000_000).describe('Population: a number; nothing is stored for a client.'),
    examples: z
      .union([size, z.strictObject({ min: size, max: size })])
      .describe('Examples of each client: a number, or uniform between two.'),
    labels: z.int().min(1).max(256).optional().describe('Labels that a client has, chosen at random. Default: all.'),
    alpha: z
      .number()
      .min(1e-3)
      .max(1e6)
      .optional()
      .describe('Concentration of a Dirichlet distribution over the labels of a client; small is very unequal.'),
  })
  .describe('Every client draws its own examples from all, so that clients may outnumber examples (Hsu et al. 2019).');

export type DrawnSpec = z.output<typeof drawnSchema>;

/**
 * With neither `labels` nor `alpha` a shard is a uniform draw without replacement. With `labels` its counts of the chosen
 * labels differ by at most 1; with `alpha` they are multinomial, their shares Dirichlet(α); within a label examples are
 * uniform without replacement. Client c draws from `stream(seed, 'partition', 0, c)`, its size first.
 *
 * @param labels [n]
 * @throws FedtempoError PARTITION_INVALID when a shard could need more examples, or more labels, than there are
 */
export function createDrawn(spec: DrawnSpec, labels: Int32Array, seed: number): Partition {
  const { clients } = spec;
  const { min, max } = typeof spec.examples === 'number' ? { min: spec.examples, max: spec.examples } : spec.examples;
  checkCount('clients', clients);
  const groups = groupsOf(spec, labels);
  checkSizes(spec, min, max, groups);
  const beginning = (client: number): [RandomStream, number] => {
    const random = stream(seed, 'partition', 0, withinPopulation(client, clients));
    return [random, min === max ? min : min + random.below(max - min + 1)];
  };
  return {
    clients,
    examples: clients * ((min + max) / 2),
    sizeOf: (client) => (min === max ? sizeWithoutDraw(client, clients, min) : beginning(client)[1]),
    shardOf: (client) => draw(...beginning(client), groups, spec),
  };
}

function sizeWithoutDraw(client: number, clients: number, examples: number): number {
  withinPopulation(client, clients);
  return examples;
}

/** Indices of the examples of each label that occurs; without skew all in one group. */
function groupsOf({ labels: few, alpha }: DrawnSpec, labels: Int32Array): readonly Uint32Array[] {
  const groups = new Map<number, number[]>();
  const skewed = few !== undefined || alpha !== undefined;
  labels.forEach((label, index) => {
    const group = groups.get(skewed ? label : 0);
    if (group === undefined) groups.set(skewed ? label : 0, [index]);
    else group.push(index);
  });
  return [...groups].sort(([a], [b]) => a - b).map(([, indices]) => Uint32Array.from(indices));
}

function draw(random: RandomStream, examples: number, groups: readonly Uint32Array[], spec: DrawnSpec): Uint32Array {
  const { labels = groups.length, alpha } = spec;
  const chosen = drawDistinct(random, groups.length, labels);
  const counts = alpha === undefined ? evenly(examples, labels) : multinomial(random, examples, alpha, labels);
  const shard = new Uint32Array(examples);
  let at = 0;
  for (let place = 0; place < labels; place++) {
    const group = groups[chosen[place]];
    for (const index of drawDistinct(random, group.length, counts[place])) shard[at++] = group[index];
  }
  return shard;
}

function evenly(examples: number, parts: number): Uint32Array {
  const least = Math.floor(examples / parts);
  return Uint32Array.from({ length: parts }, (_, part) => least + (part < examples % parts ? 1 : 0));
}

function multinomial(random: RandomStream, examples: number, alpha: number, parts: number): Uint32Array {
  const shares = dirichlet(random, alpha, parts);
  const counts = new Uint32Array(parts);
  for (let example = 0; example < examples; example++) {
    let left = random.uniform();
    let part = 0;
    while (part + 1 < parts && left >= shares[part]) left -= shares[part++];
    counts[part] += 1;
  }
  return counts;
}

/** Refuses what some client could not draw: then none can come upon it in the middle of a run. */
function checkSizes({ labels, alpha }: DrawnSpec, min: number, max: number, groups: readonly Uint32Array[]): void {
  checkCount('examples', min);
  checkCount('examples', max);
  if (min > max)
    throw invalid('examples', 'the smallest shard is larger than the largest', `${min} to ${max}`, 'min ≤ max');
  if (labels !== undefined && labels > groups.length) {
    throw invalid('labels', 'a client cannot have more labels than occur', `${labels}`, `at most ${groups.length}`);
  }
  const smallest = groups.reduce((least, { length }) => Math.min(least, length), Number.POSITIVE_INFINITY);
  const ofOneLabel = alpha === undefined ? Math.ceil(max / (labels ?? groups.length)) : max;
  if (ofOneLabel <= smallest) return;
  const found = `${max} examples, so up to ${ofOneLabel} of one label, of which there may be ${smallest}`;
  const without = `${max} examples of ${smallest}`;
  const skewed = labels !== undefined || alpha !== undefined;
  throw invalid(
    'examples',
    'a shard would need more examples than there are',
    skewed ? found : without,
    'fewer examples',
  );
}

function invalid(key: string, summary: string, found: string, expected: string): FedtempoError {
  const where = `data.partition.${key}`;
  return new FedtempoError('PARTITION_INVALID', summary, { where, found, expected, fix: `change ${where}` });
}
