import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { containerListSchema, deploymentStatusSchema } from '../../../src/deployers/status.js';
import { renderSupport } from '../../../src/deployers/kubernetes/objects/support-matrix.js';
import { renderCommands } from '../../support/docs/command-reference.js';
import { commandTree } from '../../support/docs/command-tree.js';

const supportMarks = /(?<=<!-- support matrix -->\n)[^]*(?=<!-- end of support matrix -->)/;

const schema = (of: z.ZodType): string => `${JSON.stringify(z.toJSONSchema(of, { io: 'input' }), undefined, 2)}\n`;

/** What the generated pages of docs/ must hold, made from the present text and the code. */
const pages: Readonly<Record<string, (present: string) => string | Promise<string>>> = {
  'commands.md': async () => renderCommands(await commandTree()),
  'schemas/ps.json': () => schema(containerListSchema),
  'schemas/status.json': () => schema(deploymentStatusSchema),
  'kubernetes.md': (present) => present.replace(supportMarks, () => `\n${renderSupport()}\n\n`),
};

describe('generated pages are as the code has it: `npm run docs` writes them', () => {
  it.each(Object.entries(pages))('docs/%s', async (name, render) => {
    const page = new URL(`../../../docs/${name}`, import.meta.url);
    const present = existsSync(page) ? readFileSync(page, 'utf8') : '';
    const wanted = await render(present);
    if (process.env.WRITE_DOCS === 'true') writeFileSync(page, wanted);
    else expect(present).toBe(wanted);
  });
});
