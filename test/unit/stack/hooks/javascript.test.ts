import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InterruptedError, LaconicError } from '../../../../src/system/errors.js';
import {
  call,
  commandContext,
  deploymentContext,
  failureOf,
  fixture,
  hookFile,
  hookServices,
  setupParameters,
  temporaryDirectory,
} from './support.js';

const init = { context: commandContext };

describe('JavaScript hooks', () => {
  it('receive in init the command context, YAML, the environment of that time and a helper module', async () => {
    const outcome = await call(fixture('javascript', 'commands.mjs'), 'init', init);

    expect(outcome).toEqual({
      called: true,
      result: {
        config: { stack: '/stacks/demo', project: 'laconic-abc', helper: 42 },
        kubeconfig: '/nowhere/kubeconfig',
        loaded: [1, 2],
      },
    });
    expect(process.env.KUBECONFIG).not.toBe('/nowhere/kubeconfig');
  });

  it('receive in setup the parameters and positional strings, and run a container of the stack', async () => {
    const out = join(temporaryDirectory(), 'out');
    const services = hookServices({ cwd: '/tmp', runContainerCommand: async (...args) => JSON.stringify(args) });

    await call(
      fixture('javascript', 'commands.mjs'),
      'setup',
      { context: commandContext, parameters: setupParameters, extraArgs: [out, 'x'] },
      services,
    );

    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual({
      output: JSON.stringify(['cli', 'echo hi', [{ hostPath: '/tmp/data', containerPath: '/data' }]]),
      moniker: 'node-1',
      more: ['x'],
    });
  });

  it('change a YAML file of the deployment in create, with its mode and arguments, and write a marker in start', async () => {
    const dir = temporaryDirectory();
    mkdirSync(join(dir, 'compose'));
    writeFileSync(
      join(dir, 'compose/docker-compose-web.yml'),
      '# mine\nservices:\n  web:\n    image: a:1 # one\n    mode: 0440\n',
    );
    const file = fixture('javascript', 'commands.mjs');

    await call(file, 'create', { context: deploymentContext(dir), mode: 'update', extraArgs: ['net', null] });
    await call(file, 'start', { context: deploymentContext(dir) });

    expect(readFileSync(join(dir, 'compose/docker-compose-web.yml'), 'utf8')).toBe(
      '# mine\nservices:\n  web:\n    image: a:1 # one\n    mode: 0440\n    labels:\n      mode: update\n      first: net\n',
    );
    expect(readFileSync(join(dir, 'marker'), 'utf8')).toBe('laconic-fedcba9876543210 demo null');
  });

  it('may be CommonJS with module.exports, or have a default export', async () => {
    const common = hookFile(
      "const fs = require('node:fs');\nmodule.exports = { init() { return { fs: typeof fs.statSync }; } };\n",
      'commands.js',
    );
    const byDefault = hookFile('export default { async init() { return null; } };\n', 'commands.mjs');

    expect((await call(common, 'init', init)).result).toEqual({ fs: 'function' });
    expect(await call(byDefault, 'init', init)).toEqual({ called: true, result: undefined });
  });

  it('may leave out any function', async () => {
    expect(await call(hookFile('export const other = 1;\n', 'commands.mjs'), 'init', init)).toEqual({
      called: false,
      result: undefined,
    });
  });

  it("cannot change the program's own data", async () => {
    const context = deploymentContext('/d');
    const file = hookFile(
      'export function start(c) { c.spec.stack = "other"; c.stack.obj.pods.push("x"); }\n',
      'commands.mjs',
    );

    await call(file, 'start', { context });

    expect([context.spec.stack, context.stack.obj.pods]).toEqual(['demo', ['web']]);
  });
});

describe('failures of JavaScript hooks', () => {
  it.each([
    ['export function init() {\n  throw new Error("need a key");\n}\n', 2, 'need a key'],
    [
      'export async function init() {\n  await null;\n  null.x();\n}\n',
      3,
      "TypeError: Cannot read properties of null (reading 'x')",
    ],
    ['\nthrow new RangeError("at import");\n', 2, 'RangeError: at import'],
    ['export function init() {\n  throw "words";\n}\n', undefined, 'the hook threw words'],
  ])('end in one error with file, line, function and reason: %j', async (text, line, reason) => {
    const file = hookFile(text, 'commands.mjs');

    const error = await failureOf(call(file, 'init', init));

    expect(error.message).toBe(`the init hook failed: ${file}${line === undefined ? '' : `:${line}`}: ${reason}`);
  });

  it('name the helper module, and --debug adds the stack', async () => {
    const file = fixture('javascript', 'commands.mjs');
    writeFileSync(file, "import { fail } from './helper.mjs';\n\nexport function start() {\n  fail();\n}\n");
    const start = { context: deploymentContext('/d') };

    expect((await failureOf(call(file, 'start', start))).message).toBe(
      `the start hook failed: ${file}:4: TypeError: from the helper (at helper.mjs:6)`,
    );
    expect((await failureOf(call(file, 'start', start, hookServices({ options: { debug: true } })))).message).toMatch(
      /TypeError: from the helper\n\s+at fail/,
    );
  });

  it.each([
    ['[1]', 'init must return an object or nothing, it returned a list'],
    ['7', 'init must return an object or nothing, it returned a number'],
    [
      '{ a: { b: [() => 1] } }',
      'what init returned cannot be written as YAML: the value at a.b[0] is a function, which YAML cannot hold',
    ],
    [
      '{ when: new Date() }',
      'what init returned cannot be written as YAML: the value at when is a Date, which YAML cannot hold',
    ],
  ])('include a result that is not YAML: %s', async (value, reason) => {
    const file = hookFile(`export const init = () => (${value});\n`, 'commands.mjs');

    expect((await failureOf(call(file, 'init', init))).message).toBe(`the init hook failed: ${file}: ${reason}`);
  });

  it('include a missing module, and what the services refuse', async () => {
    const missing = hookFile("import 'nobody-has-this';\n", 'commands.mjs');
    const refused = hookFile(
      'export async function init(c) {\n  await c.runContainerCommand("x", "y");\n}\n',
      'commands.mjs',
    );
    const services = hookServices({ runContainerCommand: () => Promise.reject(new LaconicError('no service x')) });

    expect((await failureOf(call(missing, 'init', init))).message).toMatch(/commands\.mjs.*nobody-has-this/);
    expect((await failureOf(call(refused, 'init', init, services))).message).toMatch(/: no service x$/);
  });

  it('are reported at once when Ctrl-C ends the wait for a hook', async () => {
    const controller = new AbortController();
    const file = hookFile('export const init = () => new Promise(() => {});\n', 'commands.mjs');
    const running = call(file, 'init', init, hookServices({ signal: controller.signal }));
    setTimeout(() => controller.abort(), 50);

    await expect(running).rejects.toBeInstanceOf(InterruptedError);
  });
});
