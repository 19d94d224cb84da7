import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookEnvironment, hookModules } from '../../../../src/stack/hooks/interpreter.js';
import { setUpHookPython } from '../../../../src/stack/hooks/setup-python.js';
import type { HookServices } from '../../../../src/stack/hooks/contexts.js';
import { runOrFail } from '../../../../src/system/process/process.js';
import { testContext } from '../../../support/context.js';
import { call, commandContext, failureOf, hookFile, hookServices, temporaryDirectory } from './support.js';

const init = { context: commandContext };

/** Services with the home directory and settings of one test. */
function servicesWith(env: NodeJS.ProcessEnv, cwd = process.cwd()): HookServices {
  return { ...hookServices(), context: testContext(cwd, {}, { ...process.env, ...env }) };
}

/** A Python that writes its name to `MARK`. */
function markedPython(file: string, mark: string): string {
  writeFileSync(file, `#!/bin/sh\nMARK=${mark} exec python3 "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

/** The Python that a hook runs with. */
async function pythonOf(services: HookServices): Promise<unknown> {
  const file = hookFile('import os\ndef init(c):\n    return {"by": os.environ.get("MARK", "python3")}\n');
  return (await call(file, 'init', init, services)).result?.by;
}

describe('the Python that runs hooks', () => {
  it('is LACONIC_SO_PYTHON, else that of hooks setup, else python3', async () => {
    const home = temporaryDirectory();
    const chosen = markedPython(join(home, 'chosen'), 'chosen');
    expect(await pythonOf(servicesWith({ HOME: home }))).toBe('python3');

    mkdirSync(join(home, '.laconic-so/python/bin'), { recursive: true });
    markedPython(join(home, '.laconic-so/python/bin/python3'), 'own');
    expect(await pythonOf(servicesWith({ HOME: home }))).toBe('own');
    expect(await pythonOf(servicesWith({ HOME: home, LACONIC_SO_PYTHON: chosen }))).toBe('chosen');
    expect(await pythonOf(servicesWith({ HOME: home, LACONIC_SO_PYTHON: './chosen' }, home))).toBe('chosen');
  });

  it('is never taken from a settings file', async () => {
    const home = temporaryDirectory();
    const setting = `LACONIC_SO_PYTHON=${markedPython(join(home, 'foreign'), 'foreign')}\n`;
    writeFileSync(join(home, '.env'), setting);
    writeFileSync(join(home, 'settings.ini'), `[settings]\n${setting}`);
    expect(await pythonOf(servicesWith({ HOME: home }, home))).toBe('python3');
  });

  it('is named when it does not exist', async () => {
    const error = await failureOf(pythonOf(servicesWith({ LACONIC_SO_PYTHON: '/nowhere/python3' })));
    expect(error.message).toContain('/nowhere/python3, which LACONIC_SO_PYTHON names, is not there');
  });

  it.each([
    ['kubernetes', 'run "laconic-so hooks setup", which installs it for hooks, or set LACONIC_SO_PYTHON to a Python'],
    ['ruamel.yaml', 'run "laconic-so hooks setup", which installs it for hooks, or set LACONIC_SO_PYTHON to a Python'],
    ['of_nobody', /python\/bin\/python3 -m pip install of_nobody", or set LACONIC_SO_PYTHON .* or put it beside/],
  ])('may lack the module %s, and the error explains how to install it', async (module, hint) => {
    const error = await failureOf(
      call(hookFile(`import ${module}\n`), 'init', init, servicesWith({ HOME: '/nowhere' })),
    );
    expect(error.message).toContain('ModuleNotFoundError: No module named');
    expect(error.hint).toMatch(hint);
  });

  it('provides tomllib under its old name tomli', async () => {
    const file = hookFile('import tomli\ndef init(c):\n    return tomli.loads("a = 1")\n');
    expect((await call(file, 'init', init)).result).toEqual({ a: 1 });
  });
});

/** Empty packages with the names of the real ones, as pip installs them. */
const wheels = `
import sys, zipfile
for name, module in (each.split("=") for each in sys.argv[2:]):
    dist = name.replace(".", "_")
    with zipfile.ZipFile(f"{sys.argv[1]}/{dist}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(module.replace(".", "/") + "/__init__.py", "")
        wheel.writestr(f"{dist}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
        wheel.writestr(f"{dist}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{dist}-1.0.dist-info/RECORD", "")
`;

describe('hooks setup', { timeout: 120_000 }, () => {
  const home = mkdtempSync(join(tmpdir(), 'laconic-hooks-home-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const target = hookEnvironment({ HOME: home });
  const context = (env: NodeJS.ProcessEnv = {}, dryRun = false): ReturnType<typeof testContext> =>
    testContext(
      home,
      { dryRun },
      {
        ...process.env,
        HOME: home,
        PIP_CONFIG_FILE: '/dev/null',
        PIP_NO_INDEX: '1',
        PIP_FIND_LINKS: home,
        ...env,
      },
    );
  beforeAll(async () => {
    const given = hookModules.map((each) => `${each.package}=${each.module}`);
    await runOrFail('no packages', 'python3', ['-c', wheels, home, ...given]);
  });

  it('makes nothing in a dry run', async () => {
    const dry = context({}, true);
    await setUpHookPython(dry);
    expect(dry.output.stdout).toMatch(/^would make .*\/python with python3, and install tomli, /);
    expect(readdirSync(home)).not.toContain('.laconic-so');
  });

  it("leaves nothing when pip fails, and shows pip's output", async () => {
    const error = await failureOf(setUpHookPython(context({ PIP_FIND_LINKS: '/nowhere' })));
    expect(error.message).toMatch(/^cannot install the modules: .*No matching distribution found for tomli/s);
    expect(readdirSync(join(home, '.laconic-so'))).toEqual([]);
  });

  it('replaces an incomplete environment, and a hook uses the new one', async () => {
    mkdirSync(join(target, 'bin'), { recursive: true });
    symlinkSync('/bin/false', join(target, 'bin/python3'));
    const first = context();

    await setUpHookPython(first);

    expect(first.output.stdout).toBe(`${target}: made, with tomli, ruamel.yaml, PyYAML, kubernetes, click, requests\n`);
    expect(readdirSync(join(home, '.laconic-so'))).toEqual(['python']);
    const file = hookFile('import sys, kubernetes, ruamel.yaml\ndef init(c):\n    return {"prefix": sys.prefix}\n');
    const services: HookServices = { ...hookServices(), context: first };
    expect((await call(file, 'init', init, services)).result).toEqual({ prefix: target });
  });

  it('leaves a complete environment as it is, and warns that LACONIC_SO_PYTHON takes precedence', async () => {
    const before = readFileSync(join(target, 'pyvenv.cfg'), 'utf8');
    const dry = context({}, true);
    await setUpHookPython(dry);
    expect(dry.output.stdout).toMatch(/^would leave .*\/python: it has tomli, /);
    const again = context({ LACONIC_SO_PYTHON: 'python3', PIP_FIND_LINKS: '/nowhere' });

    await setUpHookPython(again);

    expect(again.output.stdout).toContain(`${target}: unchanged`);
    expect(again.output.stderr).toContain('WARNING: LACONIC_SO_PYTHON is set: hooks run with python3');
    expect(readFileSync(join(target, 'pyvenv.cfg'), 'utf8')).toBe(before);
  });
});
