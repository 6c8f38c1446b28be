/** Parameters that several kinds share. */
import { z } from 'zod';

/** n, the length of a schedule. */
export const rounds = z.int().min(1).optional().describe('n: rounds from start to end; the whole run if left out.');
