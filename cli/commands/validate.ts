/** `fedtempo validate SCENARIO`: reads a scenario and its data, says what is wrong or what it would run. */
import type { Command } from 'commander';
import { type ClientData, loadData } from '../../client/load-data.js';
import { describeFault } from '../../shared/federation/faults/describe.js';
import { roundPlanner } from '../../shared/scenario/round-plan.js';
import type { Scenario } from '../../shared/scenario/scenario.js';
import { addScenarioOptions, overridesOf, type ScenarioOptions } from '../options.js';
import { locating, openScenario } from '../scenario-file.js';
import { virtualView } from '../virtual-view.js';
import { warningsFor } from '../warnings.js';

export function addValidate(program: Command): void {
  const command = program
    .command('validate')
    .summary('check a scenario and its data without training')
    .description('Checks a scenario, its variants and its data; says what a run would do. Trains nothing.')
    .argument('<scenario>', 'scenario file, YAML or JSON')
    .addHelpText('after', '\nExample:\n  fedtempo validate scenarios/mnist-2nn.yaml --set federation.cohort.size=20');
  addScenarioOptions(command).action(async (file: string, options: ScenarioOptions, command: Command) => {
    const { runs, folder } = openScenario(file, overridesOf(options, command));
    for (const { scenario, locate } of runs) {
      const { loaded, virtual } = await locating(locate, async () => {
        const loaded = await loadData(scenario, folder);
        return { loaded, virtual: virtualView(scenario, loaded, roundPlanner(scenario, loaded.partition)) };
      });
      for (const warning of warningsFor(scenario, loaded)) process.stderr.write(`! warning: ${warning}\n`);
      const { source, model: made } = loaded;
      const { federation, data, model } = scenario;
      const local = localWork(scenario);
      const widths = made.widths.join('-');
      process.stdout.write(
        `${scenario.name} is valid: ${source.name} (${examplesOf(scenario, source)}), ` +
          `${data.partition.clients} clients (${data.partition.kind}), ${widths} ${model.activation}, ` +
          `at most ${federation.rounds} rounds of ${federation.cohort.size} clients, ${local}\n`,
      );
      if (federation.hierarchy !== undefined) {
        const { edges, period } = federation.hierarchy;
        process.stdout.write(
          `  hierarchy ${edges} edges, averaged every ${period === 1 ? 'round' : `${period} rounds`}\n`,
        );
      }
      for (const rule of scenario.faults) process.stdout.write(`  fault ${describeFault(rule)}\n`);
      if (virtual !== undefined) process.stdout.write(`  ${virtual}\n`);
    }
  });
}

function examplesOf({ data }: Scenario, { train, test }: ClientData['source']): string {
  const testing = test.examples === 0 ? 'no test examples: rounds are not evaluated' : `${test.examples} test examples`;
  if (data.dataset === 'own') return `about ${data.examples} training examples at the clients, ${testing}`;
  return `${train.examples} training and ${testing}`;
}

/** How long clients train in a round, in words; a schedule takes the place of the number of its name. */
function localWork({ federation, schedules }: Scenario): string {
  if (schedules.localSteps !== undefined) return 'scheduled local steps';
  if (schedules.localEpochs !== undefined) return 'scheduled local epochs';
  const { localSteps, localEpochs = 1 } = federation;
  if (localSteps !== undefined) return localSteps === 1 ? '1 local step' : `${localSteps} local steps`;
  return localEpochs === 1 ? '1 local epoch' : `${localEpochs} local epochs`;
}
