import { describe, expect, it } from 'vitest';
import { selectNames, reportSelection } from '../../../src/stack/select.js';
import { testContext } from '../../support/context.js';

const names = ['cerc/app', 'cerc/tool', 'org/other'];

describe('--include and --exclude', () => {
  it('select everything when they are not given', () => {
    expect(selectNames(names, {})).toEqual({ selected: names, excluded: [], warnings: [] });
  });

  it('keep the order of the stack and trim spaces, and --include wins over --exclude', () => {
    const { selected, excluded } = selectNames(names, { include: ' org/other , cerc/app ', exclude: 'cerc/app' });
    expect(selected).toEqual(['cerc/app', 'org/other']);
    expect(excluded).toEqual(['cerc/tool']);
  });

  it('leave out what --exclude names', () => {
    expect(selectNames(names, { exclude: 'cerc/tool' }).selected).toEqual(['cerc/app', 'org/other']);
  });

  it('warn about an unknown name, with the valid names and the closest match', () => {
    const { selected, warnings } = selectNames(names, { exclude: 'cerc/tol' });
    expect(selected).toEqual(names);
    expect(warnings).toEqual([
      '--exclude names cerc/tol, which is not one of: cerc/app, cerc/tool, org/other, did you mean "cerc/tool"?',
    ]);
  });

  it('warn when nothing is left', () => {
    const { selected, warnings } = selectNames(names, { include: '' });
    expect(selected).toEqual([]);
    expect(warnings).toEqual(['--include leaves nothing of: cerc/app, cerc/tool, org/other']);
  });

  it('print warnings always, and what is left out only with --verbose', () => {
    const selection = selectNames(names, { exclude: 'cerc/tool,none' });
    const told = (verbose: boolean): string => {
      const { report, output } = testContext('/', { quiet: true, verbose });
      reportSelection(selection, report);
      expect(output.stdout).toBe('');
      return output.stderr;
    };
    const warning = `WARNING: --exclude names none, which is not one of: ${names.join(', ')}\n`;
    expect([told(false), told(true)]).toEqual([warning, `${warning}Excluding: cerc/tool\n`]);
  });
});
