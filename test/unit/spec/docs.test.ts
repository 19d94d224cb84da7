import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import * as z from 'zod/mini';
import { specShape } from '../../../src/spec/schema.js';

/** Sections whose keys are documented one by one. */
const sections = ['network', 'resources', 'security'];

function keysOf(shape: z.ZodMiniType): string[] {
  let inner = shape;
  while (inner instanceof z.ZodMiniOptional || inner instanceof z.ZodMiniNullable) {
    inner = inner.def.innerType as z.ZodMiniType;
  }
  return inner instanceof z.ZodMiniObject ? Object.keys(inner.def.shape) : [];
}

it('docs/spec.md lists every key of a spec once, and no other', async () => {
  const keys = Object.entries(specShape.shape).flatMap(([key, shape]) =>
    sections.includes(key) ? keysOf(shape).map((inner) => `${key}.${inner}`) : [key],
  );
  const text = await readFile('docs/spec.md', 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  const told = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, key]) => key));
  expect(told.sort()).toEqual(keys.sort());
});
