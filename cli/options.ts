/** Options that several commands share. A flag wins over the environment, that over the file, that over the default. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { poolKinds } from '../shared/scenario/schema.js';

export interface PoolOptions {
  readonly pool?: string;
  readonly workers?: number;
}

export interface ScenarioOptions extends PoolOptions {
  readonly set: readonly string[];
  readonly seed?: number;
}

export function addPoolOptions(command: Command): Command {
  return command
    .addOption(new Option('--pool <kind>', 'where the clients run').choices(poolKinds).env('FEDTEMPO_POOL'))
    .addOption(new Option('--workers <n>', 'threads or client processes').env('FEDTEMPO_WORKERS').argParser(integer));
}

/** What changes a scenario, whoever its clients are. */
export function addSettingOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--set <path=value>', 'change a value of the scenario; may be given several times')
        .argParser((value: string, before: string[]) => [...before, value])
        .default([], 'none'),
    )
    .addOption(new Option('--seed <n>', 'change the seed').env('FEDTEMPO_SEED').argParser(integer));
}

export function addScenarioOptions(command: Command): Command {
  return addPoolOptions(addSettingOptions(command));
}

/** The options as overrides of scenario values, in order: the environment, then --set, then flags of their own. */
export function overridesOf({ set = [], seed, pool, workers }: Partial<ScenarioOptions>, command: Command): string[] {
  const own = [
    ['seed', 'seed', seed],
    ['pool', 'pool.kind', pool],
    ['workers', 'pool.workers', workers],
  ] as const;
  const from = (source: 'env' | 'cli') =>
    own.flatMap(([option, path, value]) =>
      value !== undefined && command.getOptionValueSource(option) === source ? [`${path}=${value}`] : [],
    );
  return [...from('env'), ...set, ...from('cli')];
}

export function integer(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 0.');
  return Number(text);
}
