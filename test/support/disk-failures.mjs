/** Fails a served run's disk, each time to be gone on with by the same command. */

/** Every write and sync of what a served run must keep, in the order of a round; seats are written once a client. */
export const diskPlaces = [
  'seat.write',
  'seat.sync',
  'journal.open',
  'journal.write',
  'journal.sync',
  'round.closing',
  'round.closed',
  'records.write',
  'records.sync',
  'checkpoint.write',
  'checkpoint.sync',
  'checkpoint.rename',
];

/** Longer than any start and round takes on a busy machine. */
const LONGEST_MS = 60_000;

/** The disk fails with a code at the given passing of a place. @returns what was wrong with how the run ended */
export async function failAt(run, place, passing, code) {
  const coordinator = run.serve({ FEDTEMPO_FAILPOINT: `${place}:${passing}=${code}` });
  const wrongs = wrongsOf(run, await ended(coordinator), `${code}: injected at ${place}`);
  const accepted = run.events.filter(({ answer, at }) => answer === 'ACCEPTED' && at > coordinator.startedAt).length;
  // What was written but not synced can be read all the same: that nobody was told of it is seen at the first update alone.
  const soon = place.startsWith('journal.') && passing === 1;
  return soon && accepted > 0 ? [...wrongs, `${accepted} updates were acknowledged`] : wrongs;
}

/** The disk is too small for the run as it goes on now. */
export async function runFull(run) {
  return wrongsOf(run, await ended(run.serve()), 'ENOSPC: no space left on device');
}

async function ended(coordinator) {
  const timer = setTimeout(() => coordinator.child.kill('SIGKILL'), LONGEST_MS);
  const end = await coordinator.ended;
  clearTimeout(timer);
  return end;
}

function wrongsOf(run, { code, signal, stderr, stdout }, cause) {
  const wrongs = run.notDurable().map((key) => `${key} was acknowledged and is not on disk`);
  if (code !== 1) wrongs.push(`it ended with ${code ?? signal}`);
  const errors = stderr.match(/^error .*/gm) ?? [];
  if (errors.length !== 1 || !errors[0].startsWith('error STORAGE_FAILED: ')) wrongs.push(`${errors.length} errors`);
  if (!stderr.includes(`\n  found:    ${cause}`)) wrongs.push('the cause is not told');
  if (/\n {4}at |defect of its own|Error:/.test(stderr + stdout)) wrongs.push('a stack is told');
  return wrongs.length === 0 ? [] : [...wrongs, stderr];
}
