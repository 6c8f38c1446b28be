/** From the client's part of a scenario to what training needs: the data opened, divided, and the model that fits it. */
import { ownPartition } from '../shared/data/partition/own.js';
import { createPartition, type Partition } from '../shared/data/partition/partition.js';
import { type DatasetSource, type SharedDataset, sourceFrom } from '../shared/data/source.js';
import { createModel, type Model, outputCount } from '../shared/model/model.js';
import type { ParsedScenario } from '../shared/scenario/schema.js';
import { openDataset } from './data/open-dataset.js';

/** What a client must know of a scenario. */
export type ClientScenario = Pick<ParsedScenario, 'seed' | 'data' | 'model'>;

export interface ClientData {
  readonly source: DatasetSource;
  readonly partition: Partition;
  readonly model: Model;
}

/**
 * Of dataset `own` a coordinator gets no training examples, a partition that is told the sizes of shards later, and the
 * test examples if there is a file of them.
 *
 * @param folder against which the scenario's relative paths resolve
 * @param shared the dataset that another thread has opened for the same scenario; then no file is
 * @throws FedtempoError DATASET_MISSING, DATASET_INVALID, PARTITION_INVALID, MODEL_INVALID
 */
export async function loadData(
  { seed, data, model }: ClientScenario,
  folder: string,
  shared?: SharedDataset,
): Promise<ClientData> {
  const source = shared === undefined ? await openDataset(data, folder) : sourceFrom(shared);
  const partition =
    data.partition.kind === 'own'
      ? ownPartition(data.partition, data.examples ?? 0)
      : createPartition(data.partition, source.train.labels, seed);
  const outputs = outputCount(model.loss, source.classCount);
  const widths = [source.featureCount, ...model.hidden, outputs];
  return { source, partition, model: createModel(widths, model.activation, model.loss) };
}
