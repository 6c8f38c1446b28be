/** `fedtempo schedule SCENARIO`: what each round would use, as a table, a plot, a picture or data. Trains nothing. */
import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadData } from '../../client/load-data.js';
import { FedtempoError, messageOf } from '../../shared/errors.js';
import { picture } from '../../shared/plot/series.js';
import { smallMultiples } from '../../shared/plot/svg.js';
import { planScenario, specsOf } from '../../shared/scenario/plan.js';
import type { Scenario } from '../../shared/scenario/scenario.js';
import { checkPlan } from '../../shared/schedule/check.js';
import type { RunPlan } from '../../shared/schedule/run-plan.js';
import { warningsOf } from '../../shared/schedule/warnings.js';
import { addScenarioOptions, overridesOf, type ScenarioOptions } from '../options.js';
import { locating, openScenario, type ScenarioFile } from '../scenario-file.js';
import { csvOf, jsonOf, plotOf, rowAt, rowsOf, SHOWN, tableOf } from '../schedule-view.js';

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
    .addOption(new Option('--step <n>', 'with --round: after so many local steps of it').argParser(position))
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
        const { plan, shards } = await planOf(scenario, opened);
        checkRound(plan, options);
        process.stdout.write(view(scenario, plan, options));
        for (const line of warningsOf(specsOf(scenario), plan.shape, shards)) {
          process.stderr.write(`warning: ${scenario.name}: ${line}\n`);
        }
        if (options.svg !== undefined) writePicture(svgName(options.svg, scenario, opened), scenario, plan);
      });
    }
  });
}

/** The plan; the data are opened only if a schedule's position follows from them. */
async function planOf(scenario: Scenario, { folder }: ScenarioFile): Promise<{ plan: RunPlan; shards?: number[] }> {
  const plan = planScenario(scenario);
  if (checkPlan(plan)) return { plan };
  const { source, partition } = await loadData(scenario, folder);
  const known = planScenario(scenario, { examples: source.train.examples });
  checkPlan(known);
  const shards = Array.from({ length: partition.clients }, (_, client) => partition.sizeOf(client));
  return { plan: known, shards };
}

function view(scenario: Scenario, plan: RunPlan, { all, json, csv, plot, round, step }: Options): string {
  const lines = json === true || csv === true;
  const rows = round === undefined ? rowsOf(plan, lines || all === true) : [rowAt(plan, round, step)];
  if (json) return jsonOf(rows);
  if (csv) return csvOf(rows);
  const drawn = (plot ?? process.stdout.isTTY === true) && round === undefined;
  return `${scenario.name}\n${tableOf(rows)}\n${drawn ? plotOf(plan, process.stdout.columns ?? 80) : ''}`;
}

function checkRound({ totals, stepsIn }: RunPlan, { round, step }: Options): void {
  const refuse = (option: string, found: number, expected: string) =>
    new FedtempoError('OVERRIDE_INVALID', 'there is no such place in the run', {
      where: option,
      found: String(found),
      expected,
    });
  if (round === undefined && step !== undefined) throw refuse('--step', step, '--round with it');
  if (round !== undefined && round >= totals.rounds) throw refuse('--round', round, `0 to ${totals.rounds - 1}`);
  // Clients with larger shards do more steps than planned: only what no schedule knows is refused.
  if (round !== undefined && step !== undefined) stepsIn(round);
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
