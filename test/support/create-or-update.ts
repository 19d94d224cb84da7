import { targetGenerator } from '../../src/deployers/lifecycle/choose-deployer.js';
import { createOrUpdate } from '../../src/deployment/create-or-update.js';
import { showCreate } from '../../src/output/deploy.js';
import type { GlobalOptions } from '../../src/system/context.js';
import { testContext } from './context.js';

/**
 * Runs `deploy create`, or its `--update`, of `spec.yml` to `d` in a folder, within this process and without other
 * options of its own.
 * @returns its output on stderr
 */
export async function createFrom(base: string, update: boolean, global: Partial<GlobalOptions> = {}): Promise<string> {
  const context = testContext(base, global);
  const options = {
    specFile: 'spec.yml',
    deploymentDir: 'd',
    update,
    helmChart: false,
    extraArgs: [],
    lockWaitSeconds: 0,
    rotateSecret: [],
    generateSecrets: false,
    acceptLiteralValues: false,
    acceptOtherStack: false,
  };
  const outcome = await createOrUpdate(options, targetGenerator, context);
  if (outcome !== undefined) showCreate(options, outcome, context.report);
  return context.output.stderr;
}
