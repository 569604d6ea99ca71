import { defineConfig } from 'vitest/config';

// Real faults on this machine; they mostly wait, and so beside each other.
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    reporters: ['verbose'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 3,
  },
});
