import { InlinePool } from 'fedtempo/server/pool/inline.js';
import { describe } from 'vitest';
import { poolConforms } from '../laws/pool.js';
import { digits } from '../support/digits.js';

describe('the inline pool', () => {
  poolConforms(async () => new InlinePool((await digits()).participant().answer));
});
