/** The lines of a result, for text, CSV and page alike: of each measure each arm. */
import { type Written, writeInterval } from '../../shared/study/format.js';
import { type MeasureName, measureNames, measures } from '../../shared/study/measures.js';
import type { ArmResult, MeasureResult, StudyResult } from '../../shared/study/result.js';

export interface ResultRow {
  readonly arm: ArmResult;
  readonly result: MeasureResult;
  /** As text: the mean over seeds, and the difference to the first arm. */
  readonly mean: Written;
  readonly difference: Written;
}

export interface MeasureRows {
  readonly name: MeasureName;
  readonly label: string;
  readonly rows: readonly ResultRow[];
}

/** Every measure of which any trial has a value. */
export function rowsOf({ arms }: StudyResult): MeasureRows[] {
  return measureNames
    .filter((name) => arms.some((arm) => arm.measures[name].interval !== null))
    .map((name) => {
      const { label, unit } = measures[name];
      const alike = arms.map((arm) => arm.measures[name].interval);
      const alikeDifferences = arms.map((arm) => arm.measures[name].difference);
      const rows = arms.map((arm): ResultRow => {
        const result = arm.measures[name];
        const { interval, difference } = result;
        return {
          arm,
          result,
          mean: writeInterval(unit, interval, { alike }),
          difference: writeInterval(unit, difference, { difference: true, alike: alikeDifferences }),
        };
      });
      return { name, label, rows };
    });
}
