/** A coordinator that is asked to stop, and a client that sleeps for a while: both go on, and nothing is different for it. */
import { expect, test } from 'vitest';
import { expectRightEnd, servedRuns } from '../support/served-runs.js';

const served = servedRuns();

test.concurrent('SIGTERM in the middle of rounds: exit code 130, clients are told to return and do', {
  timeout: 300_000,
}, async () => {
  const run = await served({ rounds: 30 });
  const clients = run.join();
  for (const answers of [6, 17, 27]) {
    const coordinator = run.serve();
    await run.answersSince(coordinator, answers);
    const heard = run.events.length;
    coordinator.child.kill('SIGTERM');
    const { code, stderr } = await coordinator.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/interrupted after \d+ rounds?, saved\. Go on with: fedtempo serve \S+ --run \S+/);
    expect(run.notDurable()).toEqual([]);
    const left = run.events.slice(heard).filter(({ type }) => type === 'away');
    expect(left.map(({ reason }) => reason)).toEqual(left.map(() => 'the coordinator stops for now (4013)'));
    expect(new Set(left.map(({ part }) => part))).toEqual(new Set([0, 1, 2, 3, 4]));
  }
  await expectRightEnd(run, clients);
  // What came while the coordinator was stopping was not told that it is too late.
  expect(run.events.filter(({ answer }) => answer === 'LATE' || answer === 'REJECTED')).toEqual([]);
});

test.concurrent('a client that sleeps longer than silence is borne reconnects when it wakes, and goes on', {
  timeout: 300_000,
}, async () => {
  const run = await served({ rounds: 20 });
  run.join({ clients: 4 });
  const sleeper = run.join({ first: 4, clients: 1 });
  const limits = ['--limit', 'silenceMs=1500', '--limit', 'pingEveryMs=300'];
  const coordinator = run.serve({}, [...limits, '--log-level', 'info']);
  await run.told(({ type, client }) => type === 'answered' && client === 4);
  sleeper.child.kill('SIGSTOP');
  await coordinator.until(({ stderr }) => stderr.includes('"client":4,"close":"SILENT"'));
  const asleep = run.events.length;
  sleeper.child.kill('SIGCONT');
  const { code, stdout } = await coordinator.ended;
  expect([code, (await sleeper.ended).code]).toEqual([0, 0]);
  const woken = run.events.slice(asleep).filter(({ first }) => first === 4);
  // A round that it was told of while it slept it may train before it finds that nobody waits on that connection.
  const types = woken.map(({ type }) => type).filter((type) => type !== 'training');
  expect(types.slice(0, 3)).toEqual(['away', 'joined', 'answered']);
  expect(run.wrongs(await run.undisturbed(), JSON.parse(stdout))).toEqual([]);
});
