import { defineConfig } from 'vitest/config';

// Tests import the built package by its own name (`fedtempo/shared/...`): what they see is what users get.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two processes at most: several tests start real client processes of their own.
    maxWorkers: 2,
  },
});
