/** The `round` message: the plan in the header; the weights [p] and then a column for each moving value as its tensor. */
import { type RoundPlan, type StepColumns, type StepName, stepNames } from '../training/round-plan.js';
import { encodeFrame } from './codec.js';
import type { ServerMessage } from './messages.js';

type RoundMessage = Extract<ServerMessage, { type: 'round' }>;

/** Encodes plan and weights once, for every client. */
export function encodeRound(
  key: Pick<RoundMessage, 'run' | 'round' | 'nonce'>,
  { along, ...plan }: RoundPlan,
  weights: Float32Array,
): Uint8Array {
  const names = stepNames.filter((name) => along[name] !== undefined);
  const columns = names.map((name) => along[name] as Float32Array);
  const alongSteps = columns[0]?.length ?? 0;
  const tensor = new Float32Array(weights.length + names.length * alongSteps);
  tensor.set(weights);
  columns.forEach((column, index) => {
    tensor.set(column, weights.length + index * alongSteps);
  });
  const given = Object.fromEntries(Object.entries(plan).filter(([, value]) => value !== undefined));
  return encodeFrame({ type: 'round', ...key, plan: given, along: names, alongSteps }, tensor);
}

/**
 * Plan and weights of a `round` message.
 *
 * @param tensor the message's tensor
 * @param parameters p
 * @returns undefined if the tensor has another length than the message declares
 */
export function decodeRound(
  { plan, along, alongSteps }: RoundMessage,
  tensor: Float32Array,
  parameters: number,
): { plan: RoundPlan; weights: Float32Array } | undefined {
  if (tensor.length !== parameters + along.length * alongSteps) return undefined;
  const columnAt = (index: number): [StepName, Float32Array] => {
    const from = parameters + index * alongSteps;
    return [along[index], tensor.slice(from, from + alongSteps)];
  };
  const columns = Object.fromEntries(along.map((_, index) => columnAt(index))) as StepColumns;
  return { plan: { ...plan, along: columns }, weights: tensor.slice(0, parameters) };
}
