/** How the figures came about: enough to repeat the study, and to know what it does not say. */
import type { Pairing, StudyResult } from '../../../shared/study/result.js';
import { escapeText } from './html.js';

/** What ran the study. */
export interface Machine {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
}

export function notes(result: StudyResult, machine: Machine): string {
  const { seeds, lastRounds, target, pairing, scenario } = result;
  const items = [
    `Base scenario <code>${escapeText(scenario)}</code>; seeds ${seeds.join(', ')}; every arm was run with every seed; no trial stops before its last round unless it diverges or fails.`,
    pairingNote(pairing),
    `Intervals: x̄ ± t·s/√n, with n trials, x̄ their mean, s their standard deviation (n − 1) and t the 0.975 quantile of Student's t with n − 1 degrees of freedom. They hold 95 % of the time if trials are independent and about normal.`,
    'Differences: the same interval over the differences between an arm and the first one, seed by seed. They are not corrected for how many are looked at: of twenty intervals of arms that do not differ, about one leaves out 0.',
    'The seeds vary partition, cohorts, first weights and the order of examples; the data set and its test part are the same throughout. The intervals say nothing of other data, models or hyperparameters.',
    `Spread: the standard deviation of the test loss, or test accuracy, over the last ${lastRounds} rounds of one trial.`,
    ...(target === null
      ? []
      : [
          `Target: ${targetText(target)}. Reaching it stops no trial. What was used until then is given over the trials that reached it; their number stands beside it.`,
        ]),
    'Examples and local steps count all clients. Bytes are the weights sent and the updates received, 4 bytes a parameter, without headers, as if every client were a machine of its own.',
    'Trials that diverged, or failed, are in no mean.',
    `fedtempo ${escapeText(machine.version)}, Node ${escapeText(machine.node)}, ${escapeText(machine.platform)}, ${escapeText(machine.processor)}, ${machine.cores} cores. The digests below do not depend on the machine.`,
  ];
  return `<ul class="notes">${items.map((item) => `<li>${item}</li>`).join('\n')}</ul>`;
}

function pairingNote({ partition, cohorts, initialWeights }: Pairing): string {
  const all = Object.entries({
    'the partition': partition,
    'the cohorts': cohorts,
    'the first weights': initialWeights,
  });
  const having = (shared: boolean) => all.filter(([, value]) => value === shared).map(([name]) => name);
  const shared = having(true);
  const not = having(false);
  const first =
    shared.length > 0
      ? `Paired by seed: trials of one seed share ${shared.join(', ')} in all arms.`
      : 'Trials of one seed share nothing but the seed.';
  return not.length > 0 && shared.length > 0 ? `${first} They do not share ${not.join(', ')}.` : first;
}

function targetText({ testAccuracy, testLoss }: NonNullable<StudyResult['target']>): string {
  return [
    ...(testAccuracy === undefined ? [] : [`a test accuracy of ${Number((100 * testAccuracy).toPrecision(10))} %`]),
    ...(testLoss === undefined ? [] : [`a test loss of ${testLoss}`]),
  ].join(' or ');
}
