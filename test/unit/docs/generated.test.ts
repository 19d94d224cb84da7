import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderSupport } from '../../../src/deployers/kubernetes/objects/support-matrix.js';
import { renderCommands } from '../../support/command-reference.js';
import { commandTree } from '../../support/command-tree.js';

const supportMarks = /(?<=<!-- support matrix -->\n)[^]*(?=<!-- end of support matrix -->)/;

/** What the generated pages of docs/ must hold, made from the present text and the code. */
const pages: Readonly<Record<string, (present: string) => string | Promise<string>>> = {
  'commands.md': async () => renderCommands(await commandTree()),
  'kubernetes.md': (present) => present.replace(supportMarks, () => `\n${renderSupport()}\n\n`),
};

describe('generated pages are as the code has it: `npm run docs` writes them', () => {
  it.each(Object.entries(pages))('docs/%s', async (name, render) => {
    const page = new URL(`../../../docs/${name}`, import.meta.url);
    const present = readFileSync(page, 'utf8');
    const wanted = await render(present);
    if (process.env.WRITE_DOCS === 'true') writeFileSync(page, wanted);
    else expect(present).toBe(wanted);
  });
});
