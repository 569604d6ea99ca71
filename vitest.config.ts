import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/lab/**', 'test/e2e/**', 'test/package/**', 'test/faults/**'],
    testTimeout: 120_000,
  },
});
