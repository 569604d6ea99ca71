import { defineConfig } from 'vitest/config';

// Real programs on this machine.
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    reporters: ['verbose'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // They mostly wait: a day of the rules is two minutes.
    fileParallelism: true,
    maxWorkers: 2,
  },
});
