/** What a served run cannot do, refused before anybody connects. */
import { FedtempoError } from '../../shared/errors.js';
import { isAsynchronous, keepsClientState } from '../../shared/federation/algorithm.js';
import type { Scenario } from '../../shared/scenario/scenario.js';

/** @throws FedtempoError SCENARIO_CONTRADICTION; `where` is a path of the scenario */
export function refuseUnserved({ devices, federation, serve, data }: Scenario): void {
  const { algorithm, hierarchy, cohort, minimumReplies } = federation;
  if (devices !== undefined) {
    throw contradiction(
      'devices',
      'clients on other machines take real time',
      'devices',
      'no device model',
      'remove devices; serve.deadlineSeconds and serve.overSelection act in real time',
    );
  }
  if (isAsynchronous(algorithm) || keepsClientState(algorithm)) {
    const found = `federation.algorithm.kind: ${algorithm.kind}`;
    throw contradiction(
      'federation.algorithm.kind',
      'this algorithm cannot be served to other machines yet',
      found,
      'fedavg',
      'use fedavg, or simulate the scenario with fedtempo run',
    );
  }
  if (hierarchy !== undefined) {
    throw contradiction(
      'federation.hierarchy',
      'a hierarchy cannot be served to other machines yet',
      'federation.hierarchy',
      'a flat federation',
      'remove it, or simulate the scenario with fedtempo run',
    );
  }
  const { clients } = data.partition;
  const { quorum = cohort.size } = serve;
  if (quorum > clients) {
    throw contradiction(
      'serve.quorum',
      'the quorum could never be there',
      `${quorum} of ${clients} clients`,
      `at most ${clients}`,
      'lower serve.quorum',
    );
  }
  if (quorum < minimumReplies) {
    throw contradiction(
      'serve.quorum',
      'a round could begin that can never have its minimum of replies',
      `quorum ${quorum}, minimumReplies ${minimumReplies}`,
      `a quorum of at least ${minimumReplies}`,
      'raise serve.quorum or lower federation.minimumReplies',
    );
  }
}

function contradiction(where: string, summary: string, found: string, expected: string, fix: string): FedtempoError {
  return new FedtempoError('SCENARIO_CONTRADICTION', summary, { where, found, expected, fix });
}
