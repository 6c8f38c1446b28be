/** From text to scenarios: read, validate, complete; the base run and its variants. */
import { inlineTrace } from '../devices/trace.js';
import { FedtempoError, messageOf } from '../errors.js';
import { inlineTables, type ReadText } from '../schedule/tables.js';
import { explain } from './explain.js';
import { completeScenario, type Locate, locating, type Scenario } from './scenario.js';
import { type ParsedScenario, scenarioSchema } from './schema.js';
import { readSource } from './source.js';

export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly locate: Locate;
}

/**
 * The scenario of a text, and one more for each of its variants, in their order.
 *
 * @param file the name that errors give
 * @param overrides `path=value` texts; they hold for variants too, and win over them
 * @param read gives the text of a CSV file that a table names; without it, such tables are refused
 * @throws FedtempoError SCENARIO_TOO_LARGE, SCENARIO_SYNTAX, SCENARIO_INVALID, SCENARIO_CONTRADICTION, OVERRIDE_INVALID
 */
export function loadScenarios(
  text: string,
  file: string,
  overrides: readonly string[] = [],
  read?: ReadText,
): LoadedScenario[] {
  const { loaded: base, variants } = loadOne(text, file, overrides, read);
  const others = Object.entries(variants).map(([name, changes]) => {
    const changed = Object.entries(changes).map(([path, value]) => `${path}=${JSON.stringify(value)}`);
    const named = `name=${base.scenario.name}-${name}`;
    try {
      return loadOne(text, file, [named, ...changed, ...overrides], read).loaded;
    } catch (error) {
      if (!(error instanceof FedtempoError)) throw error;
      const where = `${file}: variants.${name}: ${error.details.where ?? messageOf(error)}`;
      throw new FedtempoError(error.code, error.summary, { ...error.details, where });
    }
  });
  return [base, ...others];
}

function loadOne(text: string, file: string, overrides: readonly string[], read: ReadText | undefined) {
  const source = readSource(text, file, overrides);
  const parsed = scenarioSchema.safeParse(source.value);
  if (!parsed.success) throw explain(parsed.error.issues, source, scenarioSchema);
  const locate: Locate = (path) => source.locate(path.split('.'));
  const { variants = {}, ...rest } = parsed.data;
  const whole =
    read === undefined
      ? rest
      : { ...rest, schedules: readTables(rest.schedules, locate, read), ...readDevices(rest.devices, locate, read) };
  return { loaded: { scenario: completeScenario(whole, locate), locate }, variants };
}

/** A trace too. */
function readDevices(devices: ParsedScenario['devices'], locate: Locate, read: ReadText) {
  return devices === undefined ? {} : { devices: locating(locate, () => inlineTrace(devices, read)) };
}

/** Tables become part of the scenario, so that what a run stores is complete. */
function readTables(
  schedules: ParsedScenario['schedules'],
  locate: Locate,
  read: ReadText,
): ParsedScenario['schedules'] {
  return locating(locate, () => inlineTables(schedules, 'schedules', read));
}
