import { defineConfig } from 'vitest/config';

// What is shipped, made and run: needs the network as a build does, buildah, and a machine of test/lab.
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    reporters: ['verbose'],
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
    fileParallelism: false,
  },
});
