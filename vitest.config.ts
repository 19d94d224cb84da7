import { defineConfig } from 'vitest/config';

const pure = ['test/{unit,golden,properties}/**/*.test.ts'];

/** Two kinds of suites: pure ones, and those that share the real engine of this machine (see test/support/engine.ts). */
export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: pure,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'engine',
          include: ['test/**/*.test.ts'],
          exclude: pure,
          // After the pure ones: what fails fast is seen first, and the engine has the machine to itself.
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
          pool: 'forks',
          maxWorkers: 2,
        },
      },
    ],
  },
});
