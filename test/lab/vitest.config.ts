import { defineConfig } from 'vitest/config';

// One machine at a time: each boots two to sixteen emulated CPUs.
export default defineConfig({
  test: {
    include: ['test/lab/**/*.test.ts'],
    reporters: ['verbose'],
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    fileParallelism: false,
  },
});
