import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../src/system/process/process.js';
import { describeWithEngine } from '../support/engine.js';
import { cliPath } from '../support/program.js';

const folder = join(import.meta.dirname, '..', 'scenarios');
const scenarios = readdirSync(folder).filter((name) => name.endsWith('.sh') && name !== 'run.sh');

/** The shell scripts of test/scenarios, each as one test; they do what users' scripts rely on. */
describeWithEngine('scenarios', () => {
  it.each(scenarios)(
    '%s',
    async (name) => {
      const env = { LACONIC_SO: `${process.execPath} ${cliPath}`, ...process.env };
      const { code, stdout, stderr } = await run('bash', [join(folder, name)], { env });
      // From the failed check on, the output shows what was seen and the folder to look at.
      const failed = stdout.indexOf('FAILED - ');
      expect({ code, failed: failed < 0 ? '' : stdout.slice(failed), stderr: code === 0 ? '' : stderr }).toEqual({
        code: 0,
        failed: '',
        stderr: '',
      });
      expect(stdout).toMatch(/: \d+ passed\n$/);
    },
    300_000,
  );
});
