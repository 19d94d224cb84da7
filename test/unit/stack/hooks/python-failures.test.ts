import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callHook } from '../../../../src/stack/hooks/call-hook.js';
import { InterruptedError, LaconicError } from '../../../../src/system/errors.js';
import { runOrFail } from '../../../../src/system/process/process.js';
import {
  call,
  commandContext,
  deploymentContext,
  failureOf,
  fixture,
  hookFile,
  hookServices,
  temporaryDirectory,
} from './support.js';

const init = { context: commandContext };
const lines = (...text: string[]): string => `${text.join('\n')}\n`;

/** Services whose PATH has only this `python3` in front of what the shell needs. */
function withPython(script: string): ReturnType<typeof hookServices> {
  const bin = temporaryDirectory();
  writeFileSync(join(bin, 'python3'), script);
  chmodSync(join(bin, 'python3'), 0o755);
  return hookServices({ env: { PATH: bin } });
}

describe('failures of Python hooks', () => {
  it.each([
    ['a syntax error', lines('def init(c):', '    return 1 +* 2'), 2, /SyntaxError: invalid syntax/],
    ['an exception', lines('def init(c):', '    d = {}', "    return d['volumes']"), 3, /KeyError: 'volumes'/],
    ['an exception while it is loaded', lines('', 'raise RuntimeError("no")'), 2, /RuntimeError: no/],
    ['sys.exit with a code', lines('import sys', 'def init(c):', '    sys.exit(3)'), 3, /sys\.exit: exit code 3/],
    [
      'sys.exit with a message',
      lines('import sys', 'def init(c):', "    sys.exit('need a key')"),
      3,
      /sys\.exit: need a key/,
    ],
    [
      'a missing module',
      lines('import math', 'import tomli_of_nobody'),
      2,
      /ModuleNotFoundError: No module named 'tomli_of_nobody'/,
    ],
    ['endless recursion', lines('def init(c):', '    return init(c)'), 2, /RecursionError/],
    ['too many parameters', lines('def init(a, b, *, c):', '    pass'), undefined, /TypeError: init\(\) missing/],
    [
      'a deployer that it cannot use',
      lines('def init(c):', '    c.deployer.run()'),
      2,
      /only deployer\.type is offered/,
    ],
    [
      'unusable YAML',
      lines('from stack_orchestrator.util import get_yaml', 'def init(c):', "    get_yaml().load('a: [')"),
      3,
      /YAML text:1: /,
    ],
  ])('end in one error with file, line, function and reason: %s', async (_what, text, line, reason) => {
    const file = hookFile(text);

    const error = await failureOf(call(file, 'init', init));

    expect(error.message).toMatch(reason);
    expect(error.message.startsWith(`the init hook failed: ${file}${line === undefined ? '' : `:${line}`}: `)).toBe(
      true,
    );
    expect(error.message).not.toMatch(/Traceback|_run\.py|laconic_hook_runner/);
    expect(error.message.split('\n')).toHaveLength(1);
  });

  it('name the helper module in which they happened, and the caller in the hook', async () => {
    const file = fixture('names');
    writeFileSync(file, lines('import helper', 'def start(c):', '    helper.fail()'));

    const error = await failureOf(call(file, 'start', { context: deploymentContext('/d') }));

    expect(error.message).toBe(`the start hook failed: ${file}:3: ValueError: from the helper (at helper.py:6)`);
    expect(error.hint).toContain('--debug');
  });

  it('name the helper module that has a syntax error', async () => {
    const file = fixture('names');
    writeFileSync(join(file, '../helper.py'), 'def answer(:\n');

    expect((await failureOf(call(file, 'init', init))).message).toMatch(
      /commands\.py:9: SyntaxError: .* \(at helper\.py:1\)$/,
    );
  });

  it('include the traceback with --debug, starting at the hook', async () => {
    const file = hookFile(lines('def deeper():', '    1 / 0', 'def init(c):', '    deeper()'));

    const error = await failureOf(call(file, 'init', init, hookServices({ options: { debug: true } })));

    expect(error.message).toMatch(
      /ZeroDivisionError: division by zero\nTraceback[\s\S]*line 4, in init[\s\S]*line 2, in deeper/,
    );
    expect(error.message).not.toMatch(/_run\.py/);
  });

  it.each([
    ['{1, 2}', /init must return a dict or None, it returned a value of type set/],
    ['[1]', /init must return a dict or None, it returned a value of type list/],
    ["{'config': {'a': [object()]}}", /cannot be written as YAML: the value at config\.a\[0\] is of type object/],
    ["{'p': __import__('pathlib').Path('/x')}", /the value at p is of type PosixPath/],
    ["{('a', 'b'): 1}", /a key of the value is of type tuple/],
    ['loop', /the value at self contains itself/],
  ])('include a result that is not YAML: %s', async (value, reason) => {
    const file = hookFile(lines('def init(c):', '    loop = {}', "    loop['self'] = loop", `    return ${value}`));

    expect((await failureOf(call(file, 'init', init))).message).toMatch(reason);
  });

  it('do not include other return values, which are ignored', async () => {
    const file = hookFile('def start(c):\n    return object()\n');

    expect(await call(file, 'start', { context: deploymentContext('/d') })).toEqual({
      called: true,
      result: undefined,
    });
  });

  it('include a Python that crashes', async () => {
    const killed = hookFile('import os, signal\ndef init(c):\n    os.kill(os.getpid(), signal.SIGKILL)\n');
    const left = hookFile('import os\ndef init(c):\n    os._exit(0)\n');
    const wrote = hookFile("import os\ndef init(c):\n    os.write(3, b'nonsense\\n')\n    os._exit(0)\n");

    expect((await failureOf(call(killed, 'init', init))).message).toBe(
      `the init hook failed: ${killed}: python3 was killed by SIGKILL before the hook returned`,
    );
    expect((await failureOf(call(left, 'init', init))).message).toContain(
      'ended with exit code 0 before the hook returned',
    );
    expect((await failureOf(call(wrote, 'init', init))).message).toContain('wrote to file descriptor 3');
  });

  it('name the hook when the machine has no Python', async () => {
    const file = hookFile('def init(c): pass\n');

    const error = await failureOf(call(file, 'init', init, hookServices({ env: { PATH: temporaryDirectory() } })));

    expect(error.message).toBe(
      `the init hook failed: ${file}: python3 is not installed, or not on the PATH, and this hook is written in Python`,
    );
    expect(error.hint).toContain('apt-get install python3');
  });

  it('include a Python that is too old', async () => {
    const real = (await runOrFail('python3', 'python3', ['-c', 'import sys; print(sys.executable)'])).stdout.trim();
    const services = withPython(
      lines(
        '#!/bin/sh',
        `exec ${real} -c 'import sys; sys.version_info = (3, 5, 2); p = sys.argv[-1]; exec(compile(open(p).read(), p, "exec"))' "$@"`,
      ),
    );
    const file = hookFile('def init(c): pass\n');

    expect((await failureOf(call(file, 'init', init, services))).message).toBe(
      `the init hook failed: ${file}: python3 is version 3.5.2; hooks need 3.8 or newer`,
    );
  });

  it('include a python3 that is not Python', async () => {
    const services = withPython('#!/bin/sh\nexit 9\n');

    expect((await failureOf(call(hookFile(''), 'init', init, services))).message).toContain('ended with exit code 9');
  });

  it('include a hook file or a current directory that no longer exists', async () => {
    const gone = join(temporaryDirectory(), 'commands.py');
    const nowhere = hookServices({ cwd: '/nowhere/at/all' });

    expect((await failureOf(call(gone, 'init', init))).message).toMatch(/FileNotFoundError/);
    expect((await failureOf(call(hookFile(''), 'init', init, nowhere))).message).toContain('/nowhere/at/all is gone');
  });
});

describe('errors of the program reach the hook as exceptions', () => {
  it('keep the message and the cause of a failed container command', async () => {
    const file = hookFile(
      lines(
        'from stack_orchestrator.deploy.deploy_util import run_container_command',
        'def init(c):',
        "    run_container_command(c, 'x', 'false', [])",
      ),
    );
    const cause = new LaconicError('service x is in no compose file', { hint: 'name another' });

    const error = await failureOf(
      call(file, 'init', init, hookServices({ runContainerCommand: () => Promise.reject(cause) })),
    );

    expect(error.message).toBe(`the init hook failed: ${file}:3: service x is in no compose file`);
    expect(error.cause).toBe(cause);
    expect(error.hint).toBe('name another');
  });

  it('include a path of modify_yaml that leaves the deployment directory, links resolved', async () => {
    const outside = join(temporaryDirectory(), 'outside.yml');
    writeFileSync(outside, 'a: 1\n');
    const dir = temporaryDirectory();
    symlinkSync(outside, join(dir, 'link.yml'));
    writeFileSync(join(dir, 'inside.yml'), 'a: 1 # one\n');
    symlinkSync('inside.yml', join(dir, 'alias.yml'));
    const file = hookFile(
      lines(
        'def create(context, extra_args):',
        '    def change(data):',
        "        data['a'] = 2",
        '    refused = []',
        "    for path in [context.deployment_dir / 'link.yml', context.deployment_dir / '../x/outside.yml', extra_args[0], 'missing.yml', '.']:",
        '        try:',
        '            context.modify_yaml(path, change)',
        '        except Exception as error:',
        '            refused.append(str(error))',
        "    context.modify_yaml('alias.yml', change)",
        "    (context.deployment_dir / 'refused').write_text('\\n'.join(refused))",
      ),
    );

    await call(file, 'create', { context: deploymentContext(dir), mode: 'create', extraArgs: [outside] });

    const refused = readFileSync(join(dir, 'refused'), 'utf8').split('\n');
    expect(refused.map((text) => /is not inside the deployment directory|does not exist/.exec(text)?.[0])).toEqual([
      'is not inside the deployment directory',
      'does not exist',
      'is not inside the deployment directory',
      'does not exist',
      'is not inside the deployment directory',
    ]);
    expect(readFileSync(outside, 'utf8')).toBe('a: 1\n');
    expect(readFileSync(join(dir, 'inside.yml'), 'utf8')).toBe('a: 2 # one\n');
  });
});

describe('Ctrl-C', () => {
  it('ends Python, even when it ignores SIGTERM', async () => {
    const dir = temporaryDirectory();
    const file = hookFile(
      lines(
        'import os, signal, time',
        'def start(context):',
        '    signal.signal(signal.SIGTERM, signal.SIG_IGN)',
        "    (context.deployment_dir / 'pid').write_text(str(os.getpid()))",
        '    time.sleep(60)',
      ),
    );
    const controller = new AbortController();
    const running = callHook(
      { file, language: 'python' },
      'start',
      { context: deploymentContext(dir) },
      hookServices({ signal: controller.signal }),
    );
    const pid = await waitForFile(join(dir, 'pid'));

    controller.abort();

    await expect(running).rejects.toBeInstanceOf(InterruptedError);
    expect(() => process.kill(Number(pid), 0)).toThrow(/ESRCH/);
  });

  it('counts when only Python received it, and nothing starts afterwards', async () => {
    const file = hookFile(
      'import os, signal\ndef init(c):\n    os.kill(os.getpid(), signal.SIGINT)\n    import time; time.sleep(9)\n',
    );

    await expect(call(file, 'init', init)).rejects.toBeInstanceOf(InterruptedError);
    await expect(call(file, 'init', init, hookServices({ signal: AbortSignal.abort() }))).rejects.toBeInstanceOf(
      InterruptedError,
    );
  });
});

async function waitForFile(path: string): Promise<string> {
  for (;;) {
    try {
      const text = readFileSync(path, 'utf8');
      if (text !== '') return text;
    } catch {
      // the file does not exist yet
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
