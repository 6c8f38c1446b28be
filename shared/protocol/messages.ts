/** Every message, by its `type`. What arrives is parsed by these schemas into fresh objects; unknown keys are refused. */
import { z } from 'zod';
import { MAX_SEED } from '../math/rng.js';
import { clientOptimizerSchema, dataSchema, modelSchema } from '../scenario/schema.js';
import { stepNames } from '../training/round-plan.js';
import { limits } from './limits.js';

const text = z.string().max(limits.textCharacters);
const index = z.int().min(0).max(0xffff_ffff);
const count = z.int().min(0);
const real = z.number();
/** In hexadecimal. */
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** A measured value, which NaN and infinities may be: a run that diverges says so. */
const measured = z.custom<number>((value) => typeof value === 'number');
/** Identifies a round of a run; an update repeats it, so that a stray or replayed one is told apart. */
const roundKey = { run: text, round: index, nonce: text };

const hello = z.strictObject({
  type: z.literal('hello'),
  protocol: z.int(),
  /** Name and version of the client's software. */
  software: text,
  /** Which part of the population this process was started for, or which client it asks to be; any free one without. */
  slot: index.optional(),
});

/** What a client has. Nothing of its examples but their number and shape ever leaves it. */
const ready = z.strictObject({
  type: z.literal('ready'),
  /** Of the scenario's own dataset, of which the client trains its shard; absent where it brought data of its own. */
  datasetDigest: text.optional(),
  clients: count,
  /** Training examples: of the dataset, or of the client's own data. */
  examples: count,
  /** d */
  features: count,
  /** k */
  classes: count,
});

/** Asks to send an update. Only clients on other machines ask; the answer is a grant, or that of the update itself. */
const offer = z.strictObject({
  type: z.literal('offer'),
  ...roundKey,
  client: index,
  /** SHA-256 of the update's tensor, in hexadecimal. */
  digest: sha256,
});

const update = z.strictObject({
  type: z.literal('update'),
  ...roundKey,
  client: index,
  examples: count,
  metrics: z.strictObject({ loss: measured, accuracy: measured, examplesUsed: count }),
  used: z.strictObject({
    learningRateFirst: real,
    learningRateLast: real,
    batchSize: count,
    steps: count,
    truncatedBatches: count,
  }),
  trainMs: real,
});

const failure = z.strictObject({ type: z.literal('failure'), ...roundKey, client: index, reason: text });

const goodbye = z.strictObject({
  type: z.literal('goodbye'),
  reason: text,
  /** When a client may come back, where the coordinator stops only for now. */
  returnAfterMs: count.optional(),
});

/**
 * From client to coordinator. Only `update` carries a tensor: local − global, float32 [p], and in a round with `control`
 * the change of the client's state [p] behind it. One from another machine ends in a signature; see sealed.ts.
 */
export const clientMessage = z.discriminatedUnion('type', [hello, ready, offer, update, failure, goodbye]);
export type ClientMessage = z.output<typeof clientMessage>;

const assign = z.strictObject({
  type: z.literal('assign'),
  protocol: z.int(),
  run: text,
  /** This connection hosts the clients c with c mod count = index. */
  hosting: z.strictObject({ index, count: z.int().min(1) }),
  parameters: z.int().min(1),
  /** d and k of the scenario's data: what the client's own must fit. */
  features: z.int().min(1),
  classes: z.int().min(1),
  /** The client's part of the scenario. */
  seed: z.int().min(0).max(MAX_SEED),
  data: dataSchema,
  model: modelSchema,
  /** Folder against which the scenario's relative paths resolve. */
  folder: text,
  datasetDigest: text,
  /**
   * How long a client on another machine waits without any sign of the coordinator, whose pings are signs, before it gives the
   * connection up and comes again.
   */
  silenceMs: z.int().min(1).optional(),
});

const plan = z.strictObject({
  round: index,
  learningRate: real.nonnegative(),
  batchSize: z.union([z.literal('full'), z.int().min(1)]),
  work: z.union([z.strictObject({ localEpochs: z.int().min(1) }), z.strictObject({ localSteps: z.int().min(1) })]),
  clientOptimizer: clientOptimizerSchema.required(),
  clientMomentum: real.optional(),
  proximalMu: real.optional(),
  weightDecay: real.optional(),
  clipNorm: real.optional(),
});

const round = z.strictObject({
  type: z.literal('round'),
  ...roundKey,
  plan,
  /** Whether clients keep state: the server's control variate [p] follows the weights. */
  control: z.boolean(),
  /** Hyperparameters that move inside the round: a float32 column of `alongSteps` values for each comes last. */
  along: z.array(z.enum(stepNames)).max(stepNames.length),
  alongSteps: count,
});

const train = z.strictObject({
  type: z.literal('train'),
  ...roundKey,
  clients: z.array(index).max(limits.clientsPerMessage),
  /** To clients on other machines: the task digest of the assignment and the round, so that nobody trains on what the network changed. */
  digest: sha256.optional(),
});

/** The coordinator waits for the update that was offered. */
const grant = z.strictObject({ type: z.literal('grant'), run: text, round: index, client: index });

export const answers = ['ACCEPTED', 'DUPLICATE', 'LATE', 'REJECTED'] as const;
export type Answer = (typeof answers)[number];

const answer = z.strictObject({
  type: z.literal('answer'),
  run: text,
  round: index,
  client: index,
  answer: z.enum(answers),
  reason: text,
});

/**
 * From coordinator to client. `round` carries a tensor: the global weights, float32 [p], the control variate [p] if it says
 * so, then the columns of `along`. In such a round `train` names one client and carries its state [p], or nothing for zeros.
 */
export const serverMessage = z.discriminatedUnion('type', [assign, round, train, grant, answer, goodbye]);
export type ServerMessage = z.output<typeof serverMessage>;
