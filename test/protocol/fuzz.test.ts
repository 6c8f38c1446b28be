import { expect, test } from 'vitest';
import { decodeEverywhere, frameMutator } from '../support/mutate-frame.mjs';

/** test/soak/fuzz-frames.mjs does the same a million times. */
const FRAMES = 20_000;

test(`${FRAMES} mutated frames are taken, or refused as malformed, and nothing else happens`, () => {
  const next = frameMutator(11);
  const taken = { client: 0, server: 0, sealed: 0 };
  for (let count = 0; count < FRAMES; count++) {
    for (const name of decodeEverywhere(next())) taken[name] += 1;
  }
  // A mutator of whose frames all or none are taken would test little.
  for (const count of Object.values(taken)) {
    expect(count).toBeGreaterThan(FRAMES / 100);
    expect(count).toBeLessThan(FRAMES / 4);
  }
});

test('the same seed makes the same frames', () => {
  const [first, second] = [frameMutator(5), frameMutator(5)];
  for (let count = 0; count < 500; count++) expect(first()).toEqual(second());
});
