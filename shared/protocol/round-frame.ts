/**
 * The `round` message: the plan in the header; as its tensor the weights [p], the server's control variate [p] where clients
 * keep state, and a column for each moving value.
 */
import { type RoundPlan, type StepColumns, type StepName, stepNames } from '../training/round-plan.js';
import { encodeFrame } from './codec.js';
import type { ServerMessage } from './messages.js';

/** What a round tells its clients. */
export interface RoundContent {
  readonly plan: RoundPlan;
  /** Global weights [p]. */
  readonly weights: Float32Array;
  /** The server's control variate [p]; only where clients keep state. */
  readonly control?: Float32Array;
}

type RoundMessage = Extract<ServerMessage, { type: 'round' }>;

/** Encodes plan and weights once, for every client. @param control the server's control variate [p], if there is one */
export function encodeRound(
  key: Pick<RoundMessage, 'run' | 'round' | 'nonce'>,
  { along, ...plan }: RoundPlan,
  weights: Float32Array,
  control?: Float32Array,
): Uint8Array {
  const names = stepNames.filter((name) => along[name] !== undefined);
  const columns = names.map((name) => along[name] as Float32Array);
  const alongSteps = columns[0]?.length ?? 0;
  const given = Object.fromEntries(Object.entries(plan).filter(([, value]) => value !== undefined));
  const message = { type: 'round', ...key, plan: given, control: control !== undefined, along: names, alongSteps };
  return encodeFrame(message, weights, control, ...columns);
}

/**
 * Plan, weights and, if there is one, control variate of a `round` message.
 *
 * @param tensor the message's tensor
 * @param parameters p
 * @returns undefined if the tensor has another length than the message declares
 */
export function decodeRound(
  { plan, control, along, alongSteps }: RoundMessage,
  tensor: Float32Array,
  parameters: number,
): RoundContent | undefined {
  const fixed = control ? 2 * parameters : parameters;
  if (tensor.length !== fixed + along.length * alongSteps) return undefined;
  const columnAt = (index: number): [StepName, Float32Array] => {
    const from = fixed + index * alongSteps;
    return [along[index], tensor.slice(from, from + alongSteps)];
  };
  const columns = Object.fromEntries(along.map((_, index) => columnAt(index))) as StepColumns;
  const content = { plan: { ...plan, along: columns }, weights: tensor.slice(0, parameters) };
  return control ? { ...content, control: tensor.slice(parameters, fixed) } : content;
}
