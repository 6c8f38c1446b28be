/**
 * A served run computed again in this thread, from what it recorded: the cohorts that were asked, and whose updates counted.
 * What abandoned attempts have done is not in the records; if it had changed the model, the digests would differ.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadData } from 'fedtempo/client/load-data.js';
import { createParticipant } from 'fedtempo/client/participant.js';
import { digestOf } from 'fedtempo/server/digest.js';
import { InlinePool } from 'fedtempo/server/pool/inline.js';
import { runRound } from 'fedtempo/server/round.js';
import { longestShard } from 'fedtempo/server/round-source.js';
import { firstState } from 'fedtempo/server/run-state.js';
import { createAlgorithm } from 'fedtempo/shared/federation/algorithm.js';
import { chooseKernels } from 'fedtempo/shared/kernels/choose.js';
import { initialize } from 'fedtempo/shared/model/initialize.js';
import { loadScenarios } from 'fedtempo/shared/scenario/load.js';
import { roundPlanner } from 'fedtempo/shared/scenario/round-plan.js';

/** The records of a JSON-lines file. */
export function linesOf(file) {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

/** @returns what is wrong: rounds that come to other weights, updates that are others or count twice */
export async function recompute(text, directory) {
  const [{ scenario }] = loadScenarios(text, 'served.yaml');
  const data = await loadData(scenario, '.');
  const { answer, spans } = createParticipant(data, chooseKernels('auto'), scenario.seed);
  const { partition, model } = data;
  const { examples, clients } = partition;
  const planner = roundPlanner(scenario, { examples });
  const algorithm = createAlgorithm(scenario.federation.algorithm);
  const shardSize = (client) => partition.sizeOf(client);
  const { signal } = new AbortController();
  const counted = linesOf(join(directory, 'clients.jsonl')).filter(({ kind }) => kind === 'update');
  const wrongs = [];
  let { weights, serverState } = firstState(initialize(model, scenario.model.initialization, scenario.seed));
  for (const [index, record] of linesOf(join(directory, 'rounds.jsonl')).entries()) {
    const { round, cohort, serverLearningRate: learningRate, serverMomentum: momentum } = record;
    const updates = counted.filter((update) => update.round === round);
    const contributors = [...new Set(updates.map(({ client }) => client))];
    if (round !== index) wrongs.push(`line ${index} is that of round ${round}`);
    if (contributors.length !== updates.length || updates.length !== record.replies)
      wrongs.push(
        `round ${round}: ${updates.length} updates of ${contributors.length} clients, ${record.replies} replies`,
      );
    if (contributors.some((client) => !cohort.includes(client))) wrongs.push(`round ${round}: an update from outside`);
    const result = await runRound({
      plan: planner.plan(round, longestShard(cohort, shardSize)),
      cohort,
      weights,
      algorithm,
      serverValues: () => ({ learningRate, momentum }),
      measure: false,
      population: { clients, examples },
      serverState,
      pool: only(contributors, new InlinePool(answer, spans)),
      shardSize,
      minimumReplies: 1,
      signal,
      spans,
    });
    const digests = new Map(result.records.map(({ client, updateDigest }) => [client, updateDigest]));
    for (const { client, updateDigest } of updates) {
      if (digests.get(client) !== updateDigest) wrongs.push(`round ${round}: another update of client ${client}`);
    }
    ({ weights, serverState } = result);
    if (digestOf(weights) !== record.digest) wrongs.push(`round ${round}: other weights`);
    if (wrongs.length > 0) break;
  }
  return wrongs;
}

/** A pool in which only these clients train. */
function only(clients, pool) {
  const dispatch = (work, signal) => {
    const groups = work.groups.map((group) => ({ ...group, clients: clients.toSorted((a, b) => a - b) }));
    return pool.dispatch({ ...work, groups }, signal);
  };
  return { broadcastMs: 0, dispatch };
}
