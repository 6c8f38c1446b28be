import { describe } from 'vitest';
import { poolConforms } from '../laws/pool.js';
import { remotePool } from '../support/remote.js';

describe('clients on other machines', () => poolConforms(remotePool, { anyWork: false, clientState: false }));
