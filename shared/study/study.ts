/** A study as the rest of the house sees it: read, complete, free of contradictions. */
import { FedtempoError } from '../errors.js';
import { explain } from '../scenario/explain.js';
import { type Path, readSource, type ScenarioSource } from '../scenario/source.js';
import { type ParsedStudy, studySchema } from './schema.js';

/** What trials are timed to; the first of the two that is reached counts. */
export interface Target {
  readonly testAccuracy?: number | undefined;
  readonly testLoss?: number | undefined;
}

export interface Arm {
  readonly name: string;
  readonly label: string;
  /** Values of the scenario that the arm changes, by dotted path. */
  readonly set: Readonly<Record<string, unknown>>;
}

export interface Study extends Omit<ParsedStudy, 'seeds' | 'arms'> {
  readonly seeds: readonly number[];
  readonly arms: readonly Arm[];
}

export interface LoadedStudy {
  readonly study: Study;
  /** `file.yaml:12: arms.0.set` for a path. */
  readonly locate: (path: Path) => string;
}

/** The study decides these for every arm alike. */
const RESERVED = ['schemaVersion', 'name', 'seed', 'stop', 'pool', 'variants'];

/**
 * Reads the text of a study file.
 *
 * @param file the name that errors give
 * @throws FedtempoError STUDY_INVALID, STUDY_CONTRADICTION
 */
export function loadStudy(text: string, file: string): LoadedStudy {
  const source = sourceOf(text, file);
  const parsed = studySchema.safeParse(source.value);
  if (!parsed.success) {
    const { summary, details } = explain(parsed.error.issues, source, studySchema);
    throw new FedtempoError('STUDY_INVALID', summary, details);
  }
  const { seeds, arms, ...rest } = parsed.data;
  const list = Array.isArray(seeds) ? seeds : Array.from({ length: seeds.count }, (_, index) => seeds.from + index);
  const locate = (path: Path) => source.locate(path);
  refuseRepeated(list.map(String), (index) => locate(Array.isArray(seeds) ? ['seeds', index] : ['seeds']), 'seed');
  refuseRepeated(
    arms.map(({ name }) => name),
    (index) => locate(['arms', index, 'name']),
    'arm',
  );
  arms.forEach(({ set }, index) => {
    refuseReserved(Object.keys(set), (key) => locate(['arms', index, 'set', key]));
  });
  const complete = arms.map(({ name, label = name, set }) => ({ name, label, set }));
  return { study: { ...rest, seeds: list, arms: complete }, locate };
}

function sourceOf(text: string, file: string): ScenarioSource {
  try {
    return readSource(text, file);
  } catch (error) {
    if (!(error instanceof FedtempoError)) throw error;
    const summary = error.summary.replace('scenario', 'study');
    const fix = error.details.fix?.replace(/begin with .*/, 'begin with schemaVersion: 1, name, scenario, seeds, arms');
    throw new FedtempoError('STUDY_INVALID', summary, { ...error.details, ...(fix === undefined ? {} : { fix }) });
  }
}

function refuseRepeated(values: readonly string[], where: (index: number) => string, what: string): void {
  const again = values.findIndex((value, index) => values.indexOf(value) < index);
  if (again < 0) return;
  throw new FedtempoError('STUDY_CONTRADICTION', `the same ${what} twice`, {
    where: where(again),
    found: values[again],
    expected: `each ${what} once`,
    fix: 'remove or change one of the two',
  });
}

function refuseReserved(paths: readonly string[], where: (path: string) => string): void {
  const path = paths.find((candidate) => RESERVED.includes(candidate.split('.')[0]));
  if (path === undefined) return;
  const target = path.startsWith('stop');
  throw new FedtempoError('STUDY_CONTRADICTION', 'arms may not change this', {
    where: where(path),
    found: path,
    expected: 'values under data, model, federation, schedules or evaluation',
    fix: target
      ? "give the study's own target: trials run all their rounds, so that their ends can be compared"
      : 'remove it; the study sets it for all arms alike',
  });
}
