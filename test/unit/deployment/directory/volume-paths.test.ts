import { describe, expect, it } from 'vitest';
import { placeVolume } from '../../../../src/deployment/directory/volume-paths.js';
import { isBelow } from '../../../../src/system/files/path-names.js';

describe('the path of a volume in the spec', () => {
  it.each`
    value         | path               | relative | device
    ${'./data/x'} | ${'/srv/d/data/x'} | ${true}  | ${'../data/x'}
    ${'data/x'}   | ${'/srv/d/data/x'} | ${true}  | ${'../data/x'}
    ${'../x'}     | ${'/srv/x'}        | ${true}  | ${'../../x'}
    ${'.'}        | ${'/srv/d'}        | ${true}  | ${'..'}
    ${'~/x'}      | ${'/home/me/x'}    | ${false} | ${'/home/me/x'}
    ${'~'}        | ${'/home/me'}      | ${false} | ${'/home/me'}
    ${'/abs/x'}   | ${'/abs/x'}        | ${false} | ${'/abs/x'}
    ${'./~/x'}    | ${'/srv/d/~/x'}    | ${true}  | ${'../~/x'}
  `(
    '$value',
    ({ value, path, relative, device }: { value: string; path: string; relative: boolean; device: string }) => {
      expect(placeVolume(value, '/srv/d', '/home/me')).toEqual({ path, relative, device });
    },
  );

  it.each([
    ['/srv/d/data', '/srv/d', true],
    ['/srv/d', '/srv/d', true],
    ['/srv/dd', '/srv/d', false],
    ['/srv', '/srv/d', false],
    ['/srv/d/..data/x', '/srv/d', true],
    ['/srv/..', '/srv/d', false],
  ])('%s is below %s: %s', (path, directory, expected) => {
    expect(isBelow(path, directory)).toBe(expected);
  });
});
