/** The coordinator's challenge, as a client reads it. */
import { z } from 'zod';
import { type Page, Refused } from '../secure/line.js';

const challengeSchema = z.object({
  protocol: z.int(),
  run: z.string().max(200),
  epoch: z.int().min(0),
  nonce: z.string().max(200),
});

/** @throws Refused for any other answer */
export function readChallenge(page: Page, url: string): z.output<typeof challengeSchema> {
  if (page.status !== 200) throw new Refused(page);
  try {
    return challengeSchema.parse(JSON.parse(page.body));
  } catch {
    throw new Refused({
      ...page,
      status: 404,
      body: JSON.stringify({ reason: `what answers at ${url} is no coordinator` }),
    });
  }
}
