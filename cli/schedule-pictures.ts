/**
 * The pictures of docs/schedules.md, made from its own examples: the first YAML block of each kind's section is what the
 * picture beside it shows. So an example cannot fall behind its picture, nor either behind the code.
 */
import { parse } from 'yaml';
import { picture } from '../shared/plot/series.js';
import { smallMultiples } from '../shared/plot/svg.js';
import type { HyperparameterSpecs } from '../shared/schedule/hyperparameters.js';
import { planRun } from '../shared/schedule/run-plan.js';

/** The run that the pictures show, as the page says: 40 rounds, 10 clients of 100 examples. */
const shape = { rounds: 40, clients: 10, examples: 1000 };

export interface Example {
  readonly kind: string;
  readonly specs: HyperparameterSpecs;
}

/** The examples of the page: sections headed `### \`kind\``. */
export function examplesOf(page: string): Example[] {
  const sections = page.split(/^### (?=`\w+`)/m).slice(1);
  return sections.flatMap((section) => {
    const block = /```yaml\n([\s\S]*?)```/.exec(section)?.[1];
    const kinds = [...section.slice(0, section.indexOf('\n')).matchAll(/`(\w+)`/g)].map(([, kind]) => kind);
    return block === undefined ? [] : [{ kind: kinds[0], specs: parse(block) as HyperparameterSpecs }];
  });
}

/** Each picture's file name and text. */
export function picturesOf(page: string): Map<string, string> {
  return new Map(
    examplesOf(page).map(({ kind, specs }) => {
      const work = specs.localSteps === undefined ? { localEpochs: 1 } : {};
      const plan = planRun({ ...(specs.batchSize === undefined ? { batchSize: 10 } : {}), ...work, ...specs }, shape);
      const { rounds, changing } = picture(plan);
      const shown = changing.length > 2 ? changing.slice(0, 1) : changing;
      const columns = shown.length;
      const options = { columns, panelWidth: columns === 1 ? 460 : 340, panelHeight: 210 };
      return [`schedule-${kind}.svg`, smallMultiples({ rounds, changing: shown, constant: [] }, options)];
    }),
  );
}
