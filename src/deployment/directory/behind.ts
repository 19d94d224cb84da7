import * as z from 'zod';

/** Sources of a deployment that have changed. As in `src/deployers/status.ts`, only the types are used at run time. */

const apply = z.string().describe('the command that applies the change, ready to paste');

const behindFiles = z.object({
  part: z.enum(['spec', 'stack']).describe("the directory's own `spec.yml`, or files of the stack on this host"),
  files: z.array(z.string()).describe('absolute paths'),
  apply,
});

const behindImages = z.object({ part: z.literal('image'), services: z.array(z.string()), apply });

export const behindPart = z
  .union([behindFiles, behindImages])
  .describe('files that were edited since the directory was written, or images that were rebuilt since the start');

export type BehindFiles = z.infer<typeof behindFiles>;
export type BehindImages = z.infer<typeof behindImages>;
export type BehindPart = z.infer<typeof behindPart>;
