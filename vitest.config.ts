import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest files, the longest first: one of them started last would keep one worker busy alone. */
const longest = [
  'resilience/kill-directory',
  'scenarios',
  'resilience/kill-containers',
  'starting/start',
  'restart/git',
  'kind/lifecycle',
  'operate/failures',
  'scenarios/rollout',
  'kind/command-line',
  'scenarios/side-by-side',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return at < 0 ? longest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const pure = ['test/{unit,golden,properties}/**/*.test.ts'];

const onCluster = ['test/kubernetes/**/*.test.ts'];

/** What was found stands whole in a failure's message: of a run elsewhere it is all that is seen. */
const chaiConfig = { truncateThreshold: 0 };

/**
 * Three kinds of suites: pure ones, those that share the real engine of this machine (see test/support/engine.ts) or
 * start real servers of their own (git/, registry/), and those that share a kind cluster on it (see
 * test/support/cluster.ts), which `npm run test:kubernetes` runs.
 */
export default defineConfig({
  test: {
    reporters: ['default'],
    // What has no healthcheck is ready after two seconds: only suites about that wait so long.
    env: { LACONIC_SO_STEADY: '0.5' },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          chaiConfig,
          include: pure,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'engine',
          chaiConfig,
          include: ['test/**/*.test.ts'],
          exclude: [...pure, ...onCluster],
          // After the pure ones: what fails fast is seen first, and the engine has the machine to itself.
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
          pool: 'forks',
          // More than cores: a test waits for the engine half of its time (8.8 instead of 10 minutes on two cores).
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'kubernetes',
          chaiConfig,
          include: onCluster,
          globalSetup: ['test/support/cluster-setup.ts'],
          sequence: { groupOrder: 2 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
          pool: 'forks',
          // As above: a test mostly waits for the cluster.
          maxWorkers: 3,
        },
      },
    ],
  },
});
