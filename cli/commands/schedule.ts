/** `fedtempo schedule SCENARIO`: what each round would use. Opens no data and trains nothing. */
import type { Command } from 'commander';
import { planScenario } from '../../shared/scenario/plan.js';
import { localWorkOf, type Scenario } from '../../shared/scenario/scenario.js';
import { addScenarioOptions, overridesOf, type ScenarioOptions } from '../options.js';
import { openScenario } from '../scenario-file.js';
import { short, table } from '../table.js';

interface Options extends ScenarioOptions {
  readonly all?: true;
  readonly json?: true;
}

/** Rounds that a table shows unless all are asked for. */
const SHOWN = 21;

export function addSchedule(program: Command): void {
  const command = program
    .command('schedule')
    .summary('show what each round would use')
    .description(
      'Shows the learning rate, batch size, local work and cohort that each round would use. Trains nothing.',
    )
    .argument('<scenario>', 'scenario file, YAML or JSON')
    .option('--all', `every round, not about ${SHOWN} spread over the run`)
    .option('--json', 'a line of JSON for each round to standard output')
    .addHelpText(
      'after',
      '\nExample:\n  fedtempo schedule scenarios/mnist-lr-decay.yaml --set federation.rounds=10 --all',
    );
  addScenarioOptions(command).action((file: string, options: Options, command: Command) => {
    for (const { scenario } of openScenario(file, overridesOf(options, command)).runs) {
      process.stdout.write(
        options.json ? lines(scenario) : `${scenario.name}\n${picture(scenario, options.all === true)}\n`,
      );
    }
  });
}

function lines(scenario: Scenario): string {
  const plan = planScenario(scenario);
  return Array.from({ length: scenario.federation.rounds }, (_, round) => {
    return `${JSON.stringify({ round, ...plan.values(round) })}\n`;
  }).join('');
}

function picture(scenario: Scenario, all: boolean): string {
  const { rounds, cohort } = scenario.federation;
  const plan = planScenario(scenario);
  const work = localWorkOf(scenario);
  const [title, amount] = 'localEpochs' in work ? ['local epochs', work.localEpochs] : ['local steps', work.localSteps];
  const rows = chosenRounds(rounds, all).map((round) => {
    const { learningRate = null, batchSize } = plan.values(round);
    return [String(round), short(learningRate), String(batchSize), String(amount), String(cohort.size)];
  });
  return table(['round', 'learning rate', 'batch size', title, 'cohort'], rows);
}

/** All rounds, or about `SHOWN` of them with the first and the last. */
function chosenRounds(rounds: number, all: boolean): number[] {
  if (all || rounds <= SHOWN) return Array.from({ length: rounds }, (_, round) => round);
  const spread = Array.from({ length: SHOWN }, (_, index) => Math.round((index * (rounds - 1)) / (SHOWN - 1)));
  return [...new Set(spread)];
}
