/** From a client's own data and the coordinator's model to what a participant trains on. */
import { wholeAsShard } from '../shared/data/partition/own.js';
import { noExamples, sourceFrom } from '../shared/data/source.js';
import { createModel, outputCount } from '../shared/model/model.js';
import type { ParsedScenario } from '../shared/scenario/schema.js';
import { refuseOtherShape } from './data/other-shape.js';
import type { OwnData } from './data/own-data.js';
import type { ClientData } from './load-data.js';

/** What the coordinator says of the data it expects, and which client this is. */
export interface OwnRole {
  /** d */
  readonly featureCount: number;
  /** k */
  readonly classCount: number;
  /** This client's place in the population, from 0. */
  readonly client: number;
}

/**
 * All rows are the shard of the one client; there are no test examples.
 *
 * @throws FedtempoError DATASET_INVALID for data of another shape than the coordinator expects, MODEL_INVALID
 */
export function ownClientData(
  own: OwnData,
  model: ParsedScenario['model'],
  { featureCount, classCount, client }: OwnRole,
): ClientData {
  refuseOtherShape(own, featureCount, classCount);
  const { name, digest, examples, split, scale } = own;
  const source = sourceFrom({ name, featureCount, classCount, scale, digest, train: split, test: noExamples });
  const widths = [featureCount, ...model.hidden, outputCount(model.loss, classCount)];
  const made = createModel(widths, model.activation, model.loss);
  return { source, partition: wholeAsShard(client, examples), model: made };
}
