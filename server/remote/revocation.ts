/** Taking a key off the list ends the connection that it has open, too, and not only the ones that it would open. */
import type { Enrolment } from './enrolment.js';
import type { Members } from './members.js';

/** Closes every connection whose key is not on the list any more. Where the list cannot be read now, nobody is closed. */
export async function closeRevoked(enrolment: Enrolment, members: Pick<Members, 'all'>): Promise<void> {
  // Who is here before the list is read was on it then: nobody is missing in it for being too new.
  const present = members.all;
  try {
    const keys = await enrolment.keys();
    for (const member of present) {
      const { key } = member.origin;
      // A file that is being replaced may be missing in a listing, so it is asked for by its name as well.
      if (keys.has(key) || enrolment.find(key) !== undefined) continue;
      member.dismiss('REVOKED', 'this key is not enrolled any more');
    }
  } catch {
    // The next look is a heartbeat away.
  }
}
