/**
 * Named places where a test can end the process or make the disk fail, as
 * `FEDTEMPO_FAILPOINT=journal.synced:3=kill,checkpoint.sync=ENOSPC`: at the third passing of the first place the process gets
 * SIGKILL, at the first passing of the second an error of that code is thrown. Without the variable a passing costs one
 * comparison.
 */

/** Every place, in the order in which a round passes them. */
export const failpoints = {
  'seat.write': 'before the line of a client that joined is written',
  'seat.sync': 'before that line is on disk',
  'journal.open': 'before the journal of a round is begun',
  'journal.opened': 'the journal of a round is begun; nobody has heard of the round',
  'journal.write': 'before an update is written to the journal',
  'journal.written': 'an update is written, but may not be on disk',
  'journal.sync': 'before the journal is on disk',
  'journal.synced': 'an update is on disk; its client does not know',
  'answer.sent': 'a client was told that its update is accepted',
  'round.closing': 'enough have replied; the journal does not say so',
  'round.closed': 'the journal says that the round is closed; its weights are nowhere',
  'records.write': 'before the lines of a round are written',
  'records.sync': 'before those lines are on disk',
  'checkpoint.write': 'before a checkpoint is written',
  'checkpoint.sync': 'before a checkpoint is on disk',
  'checkpoint.written': 'a checkpoint is on disk under another name',
  'checkpoint.rename': 'before a checkpoint gets its name',
  'checkpoint.renamed': 'a checkpoint is in its place; the journal of its round is still there',
  'journal.dropped': 'the journal of a recorded round is gone',
} as const;

export type FailpointName = keyof typeof failpoints;

const armed = parse(process.env.FEDTEMPO_FAILPOINT);

/** @throws Error with the code that the environment asks for, at this place */
export function failpoint(name: FailpointName): void {
  if (armed === undefined) return;
  for (const point of armed) {
    if (point.name !== name || --point.left !== 0) continue;
    if (point.action === 'kill') process.kill(process.pid, 'SIGKILL');
    else throw Object.assign(new Error(`${point.action}: injected at ${name}`), { code: point.action });
  }
}

function parse(text: string | undefined) {
  if (text === undefined || text === '') return undefined;
  return text.split(',').map((one) => {
    const [, name, at = '1', action] = /^([\w.]+)(?::(\d+))?=(\w+)$/.exec(one) ?? [];
    if (!(name in failpoints))
      throw new Error(`FEDTEMPO_FAILPOINT: ${one} is none of ${Object.keys(failpoints).join(', ')}`);
    return { name, left: Number(at), action };
  });
}
