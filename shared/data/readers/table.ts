/** What a reader of clients' own files yields, and what all of them refuse. Letters: n examples, d features. */
import { FedtempoError } from '../../errors.js';
import { MAX_WIDTH } from '../../model/model.js';

/** Examples as they stand in a file. */
export interface Table {
  /** d */
  readonly featureCount: number;
  /** [n × d] row-major: finite floats, or bytes where the file holds unsigned bytes. */
  readonly features: Float32Array | Uint8Array;
  /** [n], each 0..MAX_LABEL. */
  readonly labels: Int32Array;
}

/** The largest label: a model has as many outputs as classes, and no more than its widest layer may have. */
export const MAX_LABEL = MAX_WIDTH - 1;

/** Whether a value is a class. */
export function isLabel(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_LABEL;
}

/** For the `expected` of an error. */
export const WHOLE_LABEL = `a whole number from 0 to ${MAX_LABEL}`;

/** The refusal of a file. @param where the file, and the line or array in it */
export function unsound(
  where: string,
  summary: string,
  found: string,
  expected: string,
  fix: string,
  cause?: unknown,
): FedtempoError {
  return new FedtempoError('DATASET_INVALID', summary, { where, found, expected, fix }, cause);
}
