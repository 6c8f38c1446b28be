/** Whether data have the shape that a coordinator, or its scenario, says. */
import { FedtempoError } from '../../shared/errors.js';
import type { OwnData } from './own-data.js';

/**
 * Fewer classes than the coordinator's are no fault: a client need not have examples of all.
 *
 * @throws FedtempoError DATASET_INVALID
 */
export function refuseOtherShape(
  own: Pick<OwnData, 'name' | 'featureCount' | 'classCount'>,
  featureCount: number,
  classCount: number,
): void {
  if (own.featureCount !== featureCount) {
    throw new FedtempoError('DATASET_INVALID', 'the data have another number of features than the model', {
      where: own.name,
      found: `${own.featureCount} features`,
      expected: `${featureCount} features`,
      fix: 'bring data with these features, in the order that all clients use',
    });
  }
  if (own.classCount <= classCount) return;
  throw new FedtempoError('DATASET_INVALID', 'the data have a label beyond the classes of the model', {
    where: own.name,
    found: `label ${own.classCount - 1}`,
    expected: `0 to ${classCount - 1}`,
    fix: 'number the classes as the coordinator does',
  });
}
