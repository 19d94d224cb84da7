import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files of more than two minutes, which begin first: one of them started last would keep one worker busy alone. Vitest
 * orders the others by their duration in its cache, and on a fresh clone by their size.
 */
const longest = [
  ...['compose/scenarios', 'compose/resilience/chaos', 'compose/resilience/kill-containers'],
  ...['kubernetes/operate/failures', 'kubernetes/scenarios/rollout', 'kubernetes/kind/command-line'],
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? longest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

const pure = ['test/{unit,golden,properties}/**/*.test.ts'];

const onCluster = ['test/kubernetes/**/*.test.ts'];

/** What was found stands whole in a failure's message: of a run elsewhere it is all that is seen. */
const chaiConfig = { truncateThreshold: 0 };

/** The files of a worker share its modules, since loading them takes longer than many tests. */
const isolate = false;

/**
 * Three kinds of suites: pure ones, those that share the real engine of this machine (see test/support/engine.ts) or
 * start real servers of their own (git/, registry/), and those that share a kind cluster on it (see
 * test/support/kubernetes/cluster.ts), which `npm run test:kubernetes` runs.
 */
export default defineConfig({
  test: {
    reporters: ['default'],
    // What has no healthcheck is ready after two seconds: only suites about that wait so long.
    // Node 20 reads every certificate of NODE_EXTRA_CA_CERTS before it does anything, which takes a program as long as
    // the rest of its start. Tests that need an authority name it.
    env: { LACONIC_SO_STEADY: '0.5', NODE_EXTRA_CA_CERTS: '' },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          chaiConfig,
          include: pure,
          testTimeout: 20_000,
          isolate,
          // Otherwise vitest leaves one core unused.
          maxWorkers: availableParallelism(),
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
          isolate,
          // More than cores: a test waits for the engine half of its time (8.8 instead of 10 minutes on two cores).
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'kubernetes',
          chaiConfig,
          include: onCluster,
          globalSetup: ['test/support/kubernetes/cluster-setup.ts'],
          sequence: { groupOrder: 2 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
          isolate,
          // As above: a test mostly waits for the cluster.
          maxWorkers: 3,
        },
      },
    ],
  },
});
