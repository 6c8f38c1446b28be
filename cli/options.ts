/** Options that several commands share. A flag wins over the environment, that over the file, that over the default. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { poolKinds } from '../shared/scenario/schema.js';

export interface ScenarioOptions {
  readonly set: readonly string[];
  readonly seed?: number;
  readonly pool?: string;
  readonly workers?: number;
}

export function addScenarioOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--set <path=value>', 'change a value of the scenario; may be given several times')
        .argParser((value: string, before: string[]) => [...before, value])
        .default([], 'none'),
    )
    .addOption(new Option('--seed <n>', 'change the seed').env('FEDTEMPO_SEED').argParser(integer))
    .addOption(new Option('--pool <kind>', 'where the clients run').choices(poolKinds).env('FEDTEMPO_POOL'))
    .addOption(new Option('--workers <n>', 'client processes').env('FEDTEMPO_WORKERS').argParser(integer));
}

/** The options as overrides of scenario values; a flag of its own wins over --set. */
export function overridesOf({ set, seed, pool, workers }: ScenarioOptions): string[] {
  const own = Object.entries({ seed, 'pool.kind': pool, 'pool.workers': workers });
  return [...set, ...own.flatMap(([path, value]) => (value === undefined ? [] : [`${path}=${value}`]))];
}

function integer(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 0.');
  return Number(text);
}
