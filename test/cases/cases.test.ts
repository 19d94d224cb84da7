import { chmod, cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { parseYaml } from '../../src/system/yaml/yaml.js';
import { readText } from '../../src/system/files/files.js';
import { describeWithEngine } from '../support/engine.js';
import { removeProject } from '../support/engine-api.js';
import { Sandbox } from '../support/sandbox.js';

const texts = z.array(z.string()).default([]);

/** An action on a case, or a check. */
const step = z.union([
  /** `laconic-so …`, its exit code, and regular expressions for its output on stdout and stderr together. */
  z.strictObject({
    run: z.array(z.string()),
    exit: z.number().default(0),
    prints: texts,
    'does-not-print': texts,
    env: z.record(z.string(), z.string()).default({}),
  }),
  /** A file with texts that it has to contain, and texts that it must not. `missing: true`: it must not exist. */
  z.strictObject({ file: z.string(), has: texts, lacks: texts, missing: z.boolean().default(false) }),
  /**
   * `deployment render` has to contain for each of these an object with at least these fields. On Compose the single
   * document is checked.
   */
  z.strictObject({ rendered: z.string(), objects: z.array(z.record(z.string(), z.unknown())) }),
  /** A command in a running container of a deployment, and its output. */
  z.strictObject({ in: z.string(), service: z.string(), command: z.array(z.string()), prints: z.string() }),
]);

const caseFile = z.strictObject({
  /** The expected behaviour, in a sentence. */
  right: z.string(),
  /** What git cannot store: modes of files by path, and empty folders. */
  modes: z.record(z.string(), z.string()).default({}),
  folders: texts,
  /** Engine volumes that exist before, with a file each; they are removed afterwards. */
  volumes: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  /** Why it does not work yet; the case has to fail then, so that nobody forgets to remove this. */
  'not-yet': z.string().optional(),
  steps: z.array(step).min(1),
});

type Case = z.infer<typeof caseFile>;
type Step = z.infer<typeof step>;

const names = (await readdir(import.meta.dirname, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

/** Each folder is a report that became a test: a stack, and in `case.yml` the steps and the expected results. */
describeWithEngine('inputs that once failed', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await Sandbox.make();
  });
  afterEach(() => sandbox.remove());

  it.each(names)('%s', async (name) => {
    const folder = join(import.meta.dirname, name);
    const path = join(folder, 'case.yml');
    const one = caseFile.parse(parseYaml(await readText(path), path).value);
    await cp(folder, sandbox.base, { recursive: true, verbatimSymlinks: true });
    const reason = one['not-yet'];
    if (reason === undefined) return carryOut(sandbox, one);
    await expect(carryOut(sandbox, one), `it is right now: remove not-yet (${reason})`).rejects.toThrow();
  });
});

async function carryOut(sandbox: Sandbox, one: Case): Promise<void> {
  for (const below of one.folders) await mkdir(sandbox.path(below), { recursive: true });
  for (const [below, mode] of Object.entries(one.modes)) await chmod(sandbox.path(below), Number.parseInt(mode, 8));
  try {
    for (const [volume, files] of Object.entries(one.volumes)) await fillVolume(sandbox, volume, files);
    for (const each of one.steps) await take(each, sandbox);
  } finally {
    for (const entry of await readdir(sandbox.base)) {
      if (await sandbox.exists(join(entry, 'deployment.yml'))) await removeProject(await sandbox.projectOf(entry));
    }
    for (const volume of Object.keys(one.volumes)) await sandbox.docker('volume', 'rm', '--force', volume);
  }
}

async function fillVolume(sandbox: Sandbox, volume: string, files: Record<string, string>): Promise<void> {
  await sandbox.docker('volume', 'create', volume);
  for (const [file, text] of Object.entries(files)) {
    const write = ['sh', '-c', 'printf %s "$1" >"/v/$0"', file, text];
    await sandbox.docker('run', '--rm', '--volume', `${volume}:/v`, 'busybox:1.36', ...write);
  }
}

async function take(each: Step, sandbox: Sandbox): Promise<void> {
  if ('run' in each) {
    const { code, stdout, stderr } = await sandbox.cli(each.run, { env: each.env });
    const said = `${stdout}${stderr}`;
    expect({ command: each.run.join(' '), code, said }).toMatchObject({ code: each.exit });
    for (const text of each.prints) expect(said).toMatch(new RegExp(text, 'm'));
    for (const text of each['does-not-print']) expect(said).not.toMatch(new RegExp(text, 'm'));
  } else if ('file' in each) {
    expect(await sandbox.exists(each.file), each.file).toBe(!each.missing);
    const text = each.missing ? '' : await sandbox.read(each.file);
    for (const part of each.has) expect(text).toContain(part);
    for (const part of each.lacks) expect(text).not.toContain(part);
  } else if ('rendered' in each) {
    const { stdout } = await sandbox.run(each.rendered, 'render');
    const objects = parseAllDocuments(stdout).map((document) => document.toJS() as unknown);
    for (const wanted of each.objects) {
      const fits = objects.filter((object) => contains(object, wanted));
      expect(fits, `an object like ${JSON.stringify(wanted)} in\n${stdout}`).not.toEqual([]);
    }
  } else {
    const { stdout } = await sandbox.run(each.in, 'exec', each.service, ...each.command);
    expect(stdout).toBe(each.prints);
  }
}

/**
 * Whether a value contains everything that is wanted: maps may have more keys, and lists need a match for each wanted
 * item.
 */
function contains(value: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return Array.isArray(value) && wanted.every((item) => value.some((one) => contains(one, item)));
  }
  if (typeof wanted !== 'object' || wanted === null) return value === wanted;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(wanted).every(([key, part]) => contains((value as Record<string, unknown>)[key], part));
}
