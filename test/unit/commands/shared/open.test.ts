import { describe, expect, it } from 'vitest';
import { readOrReport } from '../../../../src/commands/shared/open.js';
import { InterruptedError, LaconicError } from '../../../../src/system/errors.js';
import { testContext } from '../../../support/context.js';

describe('what a dry run reads', () => {
  const failing = (error: Error) => (): Promise<never> => Promise.reject(error);
  const context = () => testContext('/', { dryRun: true });

  it('is reported when it fails, with what would have been done', async () => {
    const dry = context();
    expect(await readOrReport(failing(new LaconicError('no engine')), 'would list', dry)).toBeUndefined();
    expect(dry.output).toEqual({ stdout: 'would list\n', stderr: 'no engine\n' });
  });

  it('is not reported as a failure when it is interrupted', async () => {
    await expect(readOrReport(failing(new InterruptedError()), 'would list', context())).rejects.toThrow(
      InterruptedError,
    );
  });
});
