import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readCompose } from '../../../../../src/compose/model/normalize.js';
import { copiesOf, placesOf } from '../../../../../src/deployers/kubernetes/input/bound-files.js';
import type { Findings } from '../../../../../src/deployers/kubernetes/objects/common/input.js';
import type { GeneratedFile } from '../../../../../src/deployment/directory/tree.js';
import { formatProblem } from '../../../../../src/system/errors.js';
import { parseYaml } from '../../../../../src/system/yaml/yaml.js';
import { temporaryDirectory } from '../../../../support/temporary.js';

/**
 * A stack's folder with some files beside the compose file of one service, and the files that create would copy for it.
 */
async function copiesFor(
  mounts: readonly string[],
  more = '',
  hooks = false,
): Promise<{ stack: string; files: GeneratedFile[]; says: string[]; errors: number }> {
  const stack = await temporaryDirectory();
  for (const folder of ['compose', 'scripts/deep', 'tools', 'config/web']) {
    mkdirSync(join(stack, folder), { recursive: true });
  }
  writeFileSync(join(stack, 'tools/a.sh'), 'a');
  writeFileSync(join(stack, 'tools/b.sh'), 'b');
  symlinkSync('a.sh', join(stack, 'tools/link.sh'));
  writeFileSync(join(stack, 'scripts/deep/x'), 'x');
  writeFileSync(join(stack, 'key.pem'), 'key');
  const list = mounts.map((mount) => `\n      - ${mount.replaceAll('STACK', stack)}`).join('');
  const volumes = list === '' ? '' : `\n    volumes:${list}`;
  const text = `services:\n  web:\n    image: web:local${volumes}\n${more}`;
  const { model } = readCompose({ yaml: parseYaml(text, 'web.yml'), lookup: () => undefined }).normalize();
  const findings: Findings = { errors: [], warnings: [] };
  const places = [{ model, sourceBase: join(stack, 'compose'), repository: stack }];
  const { files } = await copiesOf(places, new Set(['config/web/app.conf']), '/home/op', findings, hooks);
  const says = [...findings.errors, ...findings.warnings].map(formatProblem);
  return { stack, files, says, errors: findings.errors.length };
}

describe('host files in compose files, for a cluster that cannot reach them', () => {
  it("are not copied from the stack's configuration, which every deployment has anyway", async () => {
    const { files, says } = await copiesFor(['../config/web:/etc/web', '../config/web/app.conf:/etc/app.conf']);
    expect(files).toEqual([]);
    expect(says).toEqual([]);
  });

  it('are copied once from anywhere else, with links replaced by what they lead to', async () => {
    const { stack, files, says } = await copiesFor([
      ...['../tools:/tools', '../tools:/again:ro', 'STACK/key.pem:/key.pem', '../scripts:/s'],
    ]);
    expect(says).toEqual([]);
    expect(files.map(({ path }) => path.replace(/-[0-9a-f]{8}/, ''))).toEqual([
      'binds/tools/a.sh',
      'binds/tools/b.sh',
      'binds/tools/link.sh',
      'binds/key.pem',
      'binds/scripts/deep/x',
    ]);
    expect(files[3]).toMatchObject({ source: { copyOf: join(stack, 'key.pem') }, mode: 0o644 });
    const [first] = placesOf('../tools', '/home/op');
    expect(files[0]?.path).toBe(`${first}/a.sh`);
  });

  it('keep a mode that is not readable by everybody', async () => {
    const folder = await temporaryDirectory();
    writeFileSync(join(folder, 'private.pem'), 'key', { mode: 0o640 });
    const { files } = await copiesFor([`${folder}/private.pem:/private.pem`]);
    expect(files).toMatchObject([{ mode: 0o640 }]);
  });

  it('are readable by their owner only when they are secrets, and are left out when no service uses them', async () => {
    const definitions = 'secrets:\n  pem: {file: ../key.pem}\n  unused: {file: ../nowhere}\n';
    const { files, says } = await copiesFor([], `    secrets: [pem]\n${definitions}`);
    expect(says).toEqual([]);
    expect(files).toMatchObject([{ mode: 0o600 }]);
  });

  it('are refused with their line when a cluster cannot have them', async () => {
    const { says, errors } = await copiesFor(['/nowhere/at/all:/n', '../../outside:/o']);
    expect(errors).toBe(2);
    expect(says).toEqual([
      'web.yml:5 services.web.volumes[0]: /nowhere/at/all does not exist on this host: create it, or use a named volume',
      'web.yml:6 services.web.volumes[1]: ../../outside does not exist on this host: create it, or use a named volume',
    ]);
  });

  it('are refused when they are sockets', async () => {
    const folder = await temporaryDirectory();
    const server = createServer().listen(join(folder, 'engine.sock'));
    onTestFinished(() => void server.close());
    const { says } = await copiesFor([`${folder}/engine.sock:/var/run/docker.sock`, `${folder}:/run`]);
    expect(says).toEqual([
      expect.stringMatching(/^web\.yml:5 .* is a socket or device of this host/),
      expect.stringMatching(
        /^web\.yml:6 .* cannot be copied to the cluster: cannot copy .*engine\.sock: it is neither/,
      ),
    ]);
  });

  it('cause only a warning when a hook may put them into the directory', async () => {
    const mounts = ['../config/made-by-hook/x.conf:/x.conf'];
    expect((await copiesFor(mounts)).says).toEqual([
      'web.yml:5 services.web.volumes[0]: ../config/made-by-hook/x.conf does not exist: nothing in the stack provides config/made-by-hook/x.conf',
    ]);
    const { says, errors } = await copiesFor(mounts, '', true);
    expect(errors).toBe(0);
    expect(says).toEqual([
      'web.yml:5 services.web.volumes[0]: nothing in the stack provides ../config/made-by-hook/x.conf: a hook, or you, must put it at config/made-by-hook/x.conf before the start',
    ]);
  });

  it('are refused when one path is two different files in two compose files, and accepted when the contents are equal', async () => {
    const stack = await temporaryDirectory();
    const models = ['pod', 'job'].map((folder) => {
      for (const name of ['same', 'other', 'folder']) mkdirSync(join(stack, folder, name), { recursive: true });
      writeFileSync(join(stack, folder, 'same/x'), 'x');
      writeFileSync(join(stack, folder, 'other/x'), folder);
      const text = `services:\n  ${folder}:\n    image: web:local\n    volumes: [./same/x:/a, ./other/x:/b, ./other:/c, ./folder:/d, ./none:/e]\n`;
      const { model } = readCompose({ yaml: parseYaml(text, `${folder}.yml`), lookup: () => undefined }).normalize();
      return { model, sourceBase: join(stack, folder), repository: stack };
    });
    const findings: Findings = { errors: [], warnings: [] };
    await copiesOf(models, new Set(), '/home/op', findings, true);
    const one = `is ${stack}/job/other`;
    expect(findings.errors.map(formatProblem)).toEqual([
      expect.stringContaining(
        `job.yml:4 services.job.volumes[1]: ./other/x ${one}/x here, and in pod.yml it is ${stack}/pod/`,
      ),
      expect.stringContaining(`services.job.volumes[2]: ./other ${one} here`),
    ]);
  });
});
