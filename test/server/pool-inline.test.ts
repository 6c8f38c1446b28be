import { describe } from 'vitest';
import { poolConforms } from '../laws/pool.js';
import { digits, inlinePool } from '../support/digits.js';

describe('the inline pool', () => {
  poolConforms(async () => inlinePool((await digits()).participant()));
});
