import { describe, expect, it } from 'vitest';
import { createReporter, type ReportOptions, wantsColor } from '../../../src/system/report.js';

interface Screen {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

function reporter(options: Partial<ReportOptions> = {}, screen: Screen = {}) {
  const written = { stdout: '', stderr: '' };
  const streams = {
    stdout: { write: (text: string) => (written.stdout += text) },
    stderr: { write: (text: string) => (written.stderr += text), ...screen },
  };
  const report = createReporter(streams, { quiet: false, verbose: false, debug: false, color: false, ...options });
  return { report, written };
}

/** The screen of a terminal after these writes; only "move up N lines and clear" is interpreted. */
function shown(text: string): string[] {
  const lines: string[] = [];
  for (const part of text.split(/(\u001b\[\d+A\u001b\[J)/)) {
    const up = /^\u001b\[(\d+)A/.exec(part);
    if (up) lines.splice(lines.length - Number(up[1]));
    else lines.push(...part.split('\n').slice(0, -1));
  }
  return lines;
}

describe('stdout and stderr', () => {
  it('separate results from messages', () => {
    const { report, written } = reporter();

    report.print('answer');
    report.info('story');
    report.warn('careful');
    report.error('wrong');

    expect(written.stdout).toBe('answer\n');
    expect(written.stderr).toBe('story\nWARNING: careful\nError: wrong\n');
  });

  it('keep results, warnings and errors with --quiet', () => {
    const { report, written } = reporter({ quiet: true }, { isTTY: true });

    report.print('answer');
    report.info('story');
    report.progress('web', 'starting');
    report.warn('careful');

    expect(written.stdout).toBe('answer\n');
    expect(written.stderr).toBe('WARNING: careful\n');
  });

  it.each([
    [{}, ''],
    [{ verbose: true }, 'more\n'],
    [{ debug: true }, 'more\nmost\n'],
  ])('show the expected messages with %o', (options, expected) => {
    const { report, written } = reporter(options);

    report.verbose('more');
    report.debug('most');

    expect(written.stderr).toBe(expected);
  });
});

describe('progress', () => {
  it('is one plain line per change of state without a terminal', () => {
    const { report, written } = reporter();

    report.progress('web', 'starting');
    report.progress('web', 'starting');
    report.progress('web', 'healthy', 'done');

    expect(written.stderr).toBe('web: starting\nweb: healthy\n');
  });

  it('keeps one line per subject on a terminal, and prints other lines above', () => {
    const { report, written } = reporter({}, { isTTY: true });

    report.progress('web', 'starting');
    report.progress('db', 'starting');
    report.warn('careful');
    report.progress('web', 'healthy', 'done');

    expect(shown(written.stderr)).toEqual(['WARNING: careful', ' ✔ web  healthy', ' … db  starting']);
  });

  it('never draws more or longer lines than the terminal has', () => {
    const { report, written } = reporter({}, { isTTY: true, rows: 6, columns: 20 });

    for (let number = 1; number <= 10; number += 1) report.progress(`service-${number}`, 'x'.repeat(30));
    report.progress('service-1', 'healthy', 'done');

    const lines = shown(written.stderr);
    expect(lines.at(-1)).toBe('   and 7 more');
    expect(lines).toHaveLength(4);
    expect(lines.every((line) => line.length < 20)).toBe(true);
    expect(lines.some((line) => line.includes('healthy'))).toBe(false);
  });

  it('is printed as consecutive lines on a terminal that cannot move its cursor', () => {
    const { report, written } = reporter({ redraw: false }, { isTTY: true });
    report.progress('web', 'starting');
    report.progress('web', 'running', 'done');
    expect(report.live).toBe(false);
    expect(written.stderr).toBe('web: starting\nweb: running\n');
  });

  it('is drawn completely on a terminal that reports no size', () => {
    const { report, written } = reporter({}, { isTTY: true, rows: 0, columns: 0 });

    report.progress('web', 'starting');
    report.progress('db', 'starting');

    expect(shown(written.stderr)).toEqual([' … web  starting', ' … db  starting']);
  });

  it('does not erase a result on the same terminal', () => {
    let terminal = '';
    const write = (text: string): string => (terminal += text);
    const streams = { stdout: { write }, stderr: { write, isTTY: true } };
    const report = createReporter(streams, { quiet: false, verbose: false, debug: false, color: false });

    report.progress('web', 'starting');
    report.print('answer');
    report.progress('web', 'healthy', 'done');

    expect(shown(terminal)).toEqual(['answer', ' ✔ web  healthy']);
  });

  it('stays on the terminal after its end', () => {
    const { report, written } = reporter({}, { isTTY: true });

    report.progress('web', 'healthy', 'done');
    report.endProgress();
    report.info('next');

    expect(shown(written.stderr)).toEqual([' ✔ web  healthy', 'next']);
  });
});

describe('colour of the output', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, false, false],
    [{ TERM: 'dumb' }, true, false],
  ])('is decided by %o on a terminal (%s): %s', (env, isTTY, expected) => {
    expect(wantsColor(env, isTTY)).toBe(expected);
  });
});
