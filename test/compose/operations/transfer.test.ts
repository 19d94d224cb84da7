import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runTransfers, type TransferLimits, transferLimits } from '../../../src/deployers/transfer.js';
import type { ConfigTransfer } from '../../../src/stack/parse.js';
import { projectContainers } from '../../../src/deployers/compose/operate/transfer-containers.js';
import { describeWithEngine } from '../../support/engine.js';
import { testContext } from '../../support/context.js';
import { Project } from '../../support/project.js';

const compose = `
services:
  source: &idle
    image: IMAGE
    command: sleep 1000
    init: true
    volumes: ['../scripts:/docker-entrypoint-scripts.d']
  destination:
    <<: *idle
    volumes: ['../scripts:/scripts']
  dead:
    <<: *idle
    command: 'true'
  looping:
    <<: *idle
    command: sh -c 'sleep 0.1; exit 1'
    restart: always
`;
const nasty = 'a  b\'"$(touch /hacked)`id`;\n\\ ü\n\n';
const limits: TransferLimits = { deadline: 60_000, firstPause: 50, longestPause: 500 };

describeWithEngine('config transfers', () => {
  let ground: Project;
  const transfer = async (
    part: Partial<ConfigTransfer>,
    more: { limits?: Partial<TransferLimits>; verbose?: boolean } = {},
  ): Promise<string> => {
    const context = testContext(undefined, { verbose: more.verbose ?? false });
    const whole = { fromService: 'source', fromVariable: 'good', service: 'destination', variable: 'value', ...part };
    const containers = projectContainers(ground.project, ground.engine, context);
    await runTransfers([whole], containers, context, { ...limits, ...more.limits });
    return context.output.stderr;
  };
  const milliseconds = async (work: () => Promise<unknown>): Promise<number> => {
    const start = Date.now();
    await work();
    return Date.now() - start;
  };
  const received = (): Promise<string> => ground.compose('exec', '--no-TTY', 'destination', 'cat', '/received');

  beforeAll(async () => {
    ground = await Project.make(compose);
    const script = (name: string, text: string): Promise<string> => ground.write(`scripts/${name}.sh`, text);
    await ground.write('scripts/nasty', `${nasty}\n`);
    await script('export-good', 'cat /docker-entrypoint-scripts.d/nasty');
    await script(
      'export-later',
      'n=$(cat /n 2>/dev/null); echo x$n > /n; case $n in xx) echo now;; x) :;; *) exit 1;; esac',
    );
    await script('export-failing', 'echo not yet >&2; exit 7');
    await script('export-silent', ':');
    await script('export-hanging', 'sleep 1000');
    await script('import-value', 'printf "%s:" $# > /received; printf %s "$1" >> /received; ps > /processes');
    await script('import-failing', 'echo no room >&2; exit 9');
    await ground.compose('up', '--detach');
  });
  afterAll(() => ground.remove());

  it('passes the value as one argument, whatever it contains', async () => {
    const said = await transfer({}, { verbose: true });
    expect(await received()).toBe(`1:${nasty}`);
    expect(said).toContain('Setting destination.value = source.good\n');
    expect(said).not.toContain('hacked');
    expect(spawnSync('docker', ['exec', `${ground.project.name}-destination-1`, 'test', '-e', '/hacked']).status).toBe(
      1,
    );
  });

  it('takes no longer than --wait-timeout', () => {
    expect([transferLimits({}), transferLimits({ waitTimeout: 2 })].map(({ deadline }) => deadline)).toEqual([
      300_000, 2_000,
    ]);
  });

  it('retries while there is no value', async () => {
    const said = await transfer({ fromVariable: 'later' }, { verbose: true });
    expect(await received()).toBe('1:now');
    expect(said.match(/Config export script returned an error, re-trying/g)).toHaveLength(2);
  });

  it.each([
    [
      'failing',
      (seconds: number) =>
        new RegExp(
          `not done within ${seconds} s: /docker-entrypoint-scripts\\.d/export-failing\\.sh .*returned with code 7: not yet(; the next attempt did not finish)?$`,
        ),
    ],
    [
      'silent',
      (seconds: number) =>
        new RegExp(
          `not done within ${seconds} s: .*export-silent\\.sh in service "source" printed nothing(; the next attempt did not finish)?$`,
        ),
    ],
    ['hanging', (seconds: number) => new RegExp(`not done within ${seconds} s: .*export-hanging\\.sh did not finish$`)],
  ])(
    'gives up at the deadline when the script is %s, and reports how the last attempt ended',
    async (fromVariable, message) => {
      // This allows for the time that an attempt takes on this machine now.
      const attempt = await milliseconds(() => transfer({}));
      const deadline = 1_000 * Math.ceil((1_000 + 2 * attempt) / 1_000);
      const took = await milliseconds(() =>
        expect(transfer({ fromVariable }, { limits: { deadline } })).rejects.toThrow(message(deadline / 1_000)),
      );
      expect(took).toBeLessThan(deadline + 3_000 + 2 * attempt);
    },
  );

  it.each<[string, Partial<ConfigTransfer>, RegExp]>([
    [
      'exit code 2',
      { fromVariable: 'missing' },
      /Fatal error reading config source: .*export-missing\.sh .* returned with code 2: /,
    ],
    ['a failing import script', { variable: 'failing' }, /import-failing\.sh .* returned with code 9: no room$/],
    ['a missing import script', { variable: 'missing' }, /import-missing\.sh .* returned with code 2/],
    ['a stopped source', { fromService: 'dead' }, /service "dead" is not running: .*-dead-1 is exited$/],
    ['a stopped destination', { service: 'dead' }, /service "dead" is not running: .*-dead-1 is exited$/],
    ['an unknown source', { fromService: 'nobody' }, /service "nobody" has no container$/],
  ])('fails at once with %s', async (_what, part, message) => {
    const took = await milliseconds(() => expect(transfer(part)).rejects.toThrow(message));
    // It did not wait for the deadline.
    expect(took).toBeLessThan(limits.deadline / 2);
  });

  it('waits for a restarting container up to the deadline', async () => {
    await expect(
      transfer({ fromService: 'looping', fromVariable: 'hanging' }, { limits: { deadline: 1500 } }),
    ).rejects.toThrow(/config transfer destination\.value = looping\.hanging: not done within 2 s: /);
  });

  it('ends when it is interrupted, and changes nothing in a dry run', async () => {
    const context = testContext();
    const hanging: ConfigTransfer = {
      fromService: 'source',
      fromVariable: 'hanging',
      service: 'destination',
      variable: 'value',
    };
    setTimeout(context.interrupt, 500);
    await expect(
      runTransfers([hanging], projectContainers(ground.project, ground.engine, context), context, limits),
    ).rejects.toThrow('interrupted');
    const dry = testContext(undefined, { dryRun: true });
    await runTransfers(
      [{ ...hanging, fromService: 'nobody' }],
      projectContainers(ground.project, ground.engine, dry),
      dry,
    );
    expect(dry.output.stdout).toBe('would set destination.value = nobody.hanging\n');
  });
});
