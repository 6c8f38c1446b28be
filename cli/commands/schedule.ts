/** `fedtempo schedule SCENARIO`: what each round would use, as a table, a plot, a picture or data. Trains nothing. */
import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadData } from '../../client/load-data.js';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { picture } from '../../shared/plot/series.js';
import { smallMultiples } from '../../shared/plot/svg.js';
import { planScenario, specsOf } from '../../shared/scenario/plan.js';
import type { Scenario } from '../../shared/scenario/scenario.js';
import type { AdaptiveSpec } from '../../shared/schedule/adaptive/create.js';
import { isAdaptive } from '../../shared/schedule/adaptive/specs.js';
import { checkPlan } from '../../shared/schedule/check.js';
import type { RunPlan } from '../../shared/schedule/run-plan.js';
import { warningsOf } from '../../shared/schedule/warnings.js';
import { addScenarioOptions, overridesOf, type ScenarioOptions } from '../options.js';
import { locating, openScenario, type ScenarioFile } from '../scenario-file.js';
import { csvOf, jsonOf, plotOf, rowAt, rowsOf, SHOWN, tableOf } from '../schedule-view.js';
import { someSizes } from '../warnings.js';

interface Options extends ScenarioOptions {
  readonly all?: true;
  readonly plot?: boolean;
  readonly json?: true;
  readonly csv?: true;
  readonly svg?: string;
  readonly round?: number;
  readonly step?: number;
}

export function addSchedule(program: Command): void {
  const command = program
    .command('schedule')
    .summary('show what each round would use')
    .description(
      'Shows every scheduled value over the run: learning rate, batch size, local work, cohort and whatever else the ' +
        'scenario schedules. Trains nothing; opens the data only where a schedule counts steps or examples.',
    )
    .argument('<scenario>', 'scenario file, YAML or JSON')
    .option('--all', `every round, not about ${SHOWN} spread over the run`)
    .option('--plot', 'plot what changes even when the output is no terminal')
    .option('--no-plot', 'the table alone')
    .addOption(new Option('--json', 'a line of JSON for each round').conflicts(['csv', 'plot']))
    .addOption(new Option('--csv', 'a line of CSV for each round').conflicts('plot'))
    .option('--svg <file>', 'write a picture of what changes')
    .addOption(new Option('--round <n>', 'one round only, from 0').argParser(position))
    .addOption(
      new Option('--step <n>', 'after so many local steps of the round, or of the whole run without --round').argParser(
        position,
      ),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  fedtempo schedule scenarios/mnist-lr-decay.yaml --set federation.rounds=10 --all' +
        '\n  fedtempo schedule scenarios/schedule-zoo.yaml --svg zoo.svg' +
        '\n  fedtempo schedule scenarios/schedule-zoo.yaml --round 30 --step 2',
    );
  addScenarioOptions(command).action(async (file: string, options: Options, command: Command) => {
    const opened = openScenario(file, overridesOf(options, command));
    for (const { scenario, locate } of opened.runs) {
      await locating(locate, async () => {
        const { plan, shards } = await planOf(scenario, opened, options);
        process.stdout.write(view(scenario, plan, options));
        for (const line of adaptiveNotes(scenario)) process.stderr.write(`note: ${scenario.name}: ${line}\n`);
        for (const line of warningsOf(specsOf(scenario), plan.shape, shards)) {
          process.stderr.write(`warning: ${scenario.name}: ${line}\n`);
        }
        if (options.svg !== undefined) writePicture(svgName(options.svg, scenario, opened), scenario, plan);
      });
    }
  });
}

/** The plan; the data are opened only if a position follows from them: that of a schedule, or the one asked for. */
async function planOf(
  scenario: Scenario,
  { folder }: ScenarioFile,
  { round, step }: Options,
): Promise<{ plan: RunPlan; shards?: number[] }> {
  const plan = planScenario(scenario);
  const complete = checkPlan(plan);
  if (complete && (step === undefined || round !== undefined)) return { plan };
  const { partition } = await loadData(scenario, folder);
  const known = planScenario(scenario, partition);
  checkPlan(known);
  return { plan: known, shards: someSizes(partition) };
}

/** What an adaptive schedule will say is not known ahead. */
function adaptiveNotes({ schedules }: Scenario): string[] {
  return Object.entries(schedules)
    .filter(([, spec]) => isAdaptive(spec))
    .map(
      ([name, spec]) => `${name} is ${(spec as AdaptiveSpec).kind}: it follows the run, and its first value is shown`,
    );
}

function view(scenario: Scenario, plan: RunPlan, { all, json, csv, plot, round, step }: Options): string {
  const lines = json === true || csv === true;
  const place = placeOf(plan, round, step);
  const rows = place === undefined ? rowsOf(plan, lines || all === true) : [rowAt(plan, place.round, place.localStep)];
  if (json) return jsonOf(rows);
  if (csv) return csvOf(rows);
  const drawn = (plot ?? process.stdout.isTTY === true) && place === undefined;
  return `${scenario.name}\n${tableOf(rows)}\n${drawn ? plotOf(plan, process.stdout.columns ?? 80) : ''}`;
}

/** The round, and the local step in it, that --round and --step ask for. */
function placeOf({ totals, progressAt }: RunPlan, round?: number, step?: number) {
  const refuse = (option: string, found: number, count: number) =>
    new FedtempoError('OVERRIDE_INVALID', 'there is no such place in the run', {
      where: option,
      found: String(found),
      expected: `0 to ${count - 1}`,
    });
  if (round !== undefined) {
    if (round >= totals.rounds) throw refuse('--round', round, totals.rounds);
    // Clients with larger shards do more steps than planned, so any step of a round may be asked for.
    return { round, localStep: step ?? 0 };
  }
  if (step === undefined) return undefined;
  if (step >= totals.steps) throw refuse('--step', step, totals.steps);
  let [low, high] = [0, totals.rounds - 1];
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (progressAt(middle).step <= step) low = middle;
    else high = middle - 1;
  }
  return { round: low, localStep: step - progressAt(low).step };
}

/** The base run gets the file itself, each variant one beside it: `zoo.svg`, `zoo-variant.svg`. */
function svgName(file: string, scenario: Scenario, { runs }: ScenarioFile): string {
  const base = runs[0].scenario.name;
  if (scenario.name === base) return file;
  return `${file.replace(/\.svg$/i, '')}${scenario.name.slice(base.length)}.svg`;
}

function writePicture(file: string, scenario: Scenario, plan: RunPlan): void {
  try {
    writeFileSync(file, smallMultiples(picture(plan), { title: scenario.name }));
  } catch (error) {
    throw new FedtempoError('OUTPUT_UNWRITABLE', 'the picture cannot be written', {
      where: file,
      found: messageOf(error),
      expected: 'a folder that is there and may be written to',
    });
  }
  process.stderr.write(`wrote ${file}\n`);
}

function position(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 0.');
  return Number(text);
}
