import { describe, expect, it } from 'vitest';
import { isProjectName, newId } from '../../../../src/deployment/directory/ids.js';

describe('deployment ids', () => {
  it('are laconic-, the time in base 36, and two random characters', () => {
    expect(newId(1_704_067_200_000 + 100 * 36 ** 5)).toMatch(/^laconic-100000[0-9a-z]{2}$/);
  });

  it('sort by the time they were made', () => {
    const times = [0, 1, 10, 365].map((days) => 1_764_000_000_000 + days * 8_640_000);
    const ids = times.map((time) => newId(time));
    expect([...ids].sort()).toEqual(ids);
  });

  it('are valid Compose project names', () => {
    expect(isProjectName(newId())).toBe(true);
    expect(isProjectName('Bad Name')).toBe(false);
    expect(isProjectName('-x')).toBe(false);
  });
});
