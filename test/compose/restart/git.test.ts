import { rename } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { CliResult } from '../../support/program.js';
import { describeWithEngine } from '../../support/engine.js';
import type { Seen } from '../../support/engine-api.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const tree = 'repositories/shop';
const below = 'stack-orchestrator';
const composeFile = `${below}/compose/docker-compose-shop.yml`;
const compose = (flavour: string): string =>
  `services:\n${idleService('web', `    environment:\n      FLAVOUR: ${flavour}\n      TITLE: \${TITLE:-none}\n      TOKEN: \${TOKEN:-none}\n`)}${idleService('side')}`;
const spec = (title: string, more = ''): string =>
  `stack: ${below}/stacks/shop\ndeploy-to: compose\nconfig:\n  TITLE: ${title}\n  TOKEN: $generate:hex:8$\n${more}`;
const host = (name: string): string =>
  `network:\n  http-proxy:\n    - host-name: ${name}\n      routes: [{path: /, proxy-to: "web:80"}]\n`;

describeWithEngine('deployment restart of a stack in a git tree', () => {
  let sandbox: Sandbox;
  let before: Record<string, Seen>;
  const containers = async (): Promise<Record<string, Seen>> => sandbox.containers('d');
  const restart = (...args: string[]): Promise<CliResult> => sandbox.deployment('d', 'restart', ...args);
  const pushed = (path: string, text: string): Promise<void> => sandbox.pushElsewhere(tree, path, text);

  beforeAll(async () => {
    sandbox = await Sandbox.make({
      [`${tree}/${below}/stacks/shop/stack.yml`]: 'name: shop\npods:\n  - shop\n',
      [`${tree}/${composeFile}`]: compose('one'),
      [`${tree}/specs/other.yml`]: spec('from --spec-file'),
      'spec.yml': spec('own').replace(below, `BASE/${tree}/${below}`),
    });
    await sandbox.publish(tree);
    await sandbox.create('spec.yml', 'd');
    await sandbox.run('d', 'start');
  });
  afterAll(() => sandbox.remove());
  beforeEach(async () => {
    before = await containers();
  });

  it('pulls and recreates only what changed', async () => {
    await pushed(composeFile, compose('two'));

    const { code, stdout, stderr } = await restart();

    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(/^Git pull: Updating [0-9a-f]+\.\.[0-9a-f]+$/m);
    const after = await containers();
    expect(after.web?.env.FLAVOUR).toBe('two');
    expect(after.side).toEqual(before.side);
    expect(await sandbox.read(`${tree}/${composeFile}`)).toBe(compose('two'));
  });

  it('pulls the source, whatever repository and language the variables of git ask for', async () => {
    await pushed('ABOUT', 'about\n');
    const env = { GIT_DIR: sandbox.path('spec.yml'), GIT_WORK_TREE: sandbox.path('d'), LANGUAGE: 'de' };
    const { code, stderr } = await sandbox.cli(['deployment', '--dir', 'd', 'restart'], { env });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await sandbox.exists(`${tree}/ABOUT`)).toBe(true);
  });

  it('masks the password of a remote that does not answer, and explains the failure', async () => {
    const url = (await sandbox.git(tree, 'remote', 'get-url', 'origin')).trim();
    await sandbox.git(tree, 'remote', 'set-url', 'origin', 'http://me:geheim@127.0.0.1:9/shop.git');
    const { code, stderr } = await restart();
    await sandbox.git(tree, 'remote', 'set-url', 'origin', url);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Error: Git pull failed: .*Failed to connect[^]*is 127\.0\.0\.1 right[^]*--no-git-pull/m);
    expect(stderr).not.toContain('geheim');
  });

  it('starts a stopped deployment', async () => {
    await sandbox.run('d', 'stop');
    expect((await restart()).code).toBe(0);
    expect((await containers()).web?.state).toBe('running');
  });

  it('changes nothing, files included, when nothing changed', async () => {
    const files = await sandbox.fileState('d/compose');
    expect((await restart()).stdout).toMatch(/^Git pull: Already up to date\.$/m);
    expect(await containers()).toEqual(before);
    expect(await sandbox.fileState('d/compose')).toEqual(files);
  });

  it.each([
    ['relative to the root of the working tree', () => 'specs/other.yml'],
    ['absolute', () => sandbox.path(tree, 'specs/other.yml')],
  ])('replaces the spec of the deployment with --spec-file, %s', async (_, path) => {
    await sandbox.write('d/spec.yml', spec('edited here').replace(below, sandbox.path(tree, below)));

    const { code, stdout, stderr } = await restart('--spec-file', path());

    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain(`Using spec: ${sandbox.path(tree, 'specs/other.yml')}\n`);
    expect((await containers()).web?.env.TITLE).toBe('from --spec-file');
    expect(await sandbox.read('d/spec.yml')).toBe(spec('from --spec-file'));
    expect(await sandbox.read('d/spec.yml.bak')).toContain('edited here');
    expect(stderr).toContain('spec.yml.bak');
  });

  it('uses deployment/spec.yml in the root of the tree without an option, as soon as it is pulled', async () => {
    await pushed('deployment/spec.yml', spec('from the tree'));

    const { stdout } = await restart();

    expect(stdout).toContain(`Using spec: ${sandbox.path(tree, 'deployment/spec.yml')}\n`);
    expect((await containers()).web?.env.TITLE).toBe('from the tree');
    expect((await containers()).side).toEqual(before.side);
  });

  it('reports a changed host name', async () => {
    await pushed('deployment/spec.yml', spec('from the tree', host('shop.example.com')));
    const changed = await restart();
    expect(changed.stdout).toMatch(
      /^Current hostname: None\n[^]*^Spec hostname: shop\.example\.com\n\n\[2\/4\] Hostname changed: None -> shop\.example\.com\n/m,
    );
    expect(changed.stdout).toMatch(/^New hostname: shop\.example\.com$/m);

    expect((await restart()).stdout).toMatch(
      /^Current hostname: shop\.example\.com\n[^]*^\[2\/4\] Hostname unchanged, skipping DNS verification$/m,
    );

    await pushed('deployment/spec.yml', spec('from the tree', host('other.example.com')));
    const forced = await restart('--force');
    expect(forced.stdout).toMatch(
      /^\[2\/4\] Hostname changed: shop\.example\.com -> other\.example\.com\n\s*DNS verification skipped \(--force\)$/m,
    );
    expect(await containers()).toEqual(before);
  });

  it('keeps --image for later starts, until the next restart', async () => {
    const image = `laconic-sandbox:${sandbox.base.slice(-6).toLowerCase()}`;
    await sandbox.docker('tag', 'busybox:1.36', image);
    try {
      expect((await restart('--image', `web=${image}`)).code).toBe(0);
      const overridden = await containers();
      expect(overridden.web?.image).toBe(image);
      expect(overridden.side).toEqual(before.side);

      await sandbox.run('d', 'start');
      expect(await containers()).toEqual(overridden);
      await sandbox.run('d', 'stop');
      await sandbox.run('d', 'start');
      expect((await containers()).web?.image).toBe(image);

      const next = await restart();
      expect(next.stderr).toContain(image);
      expect((await containers()).web?.image).toBe('busybox:1.36');
    } finally {
      await sandbox.docker('rmi', '--force', image);
    }
  });

  it('keeps the image of one service when --image names another', async () => {
    const image = `laconic-sandbox:${sandbox.base.slice(-6).toLowerCase()}`;
    await sandbox.docker('tag', 'busybox:1.36', image);
    try {
      await sandbox.run('d', 'restart', '--image', `web=${image}`);
      const second = await restart('--image', `side=${image}`);
      expect(second).toMatchObject({ code: 0 });
      expect(second.stderr).toContain(`web: stays at ${image}`);
      expect(await containers()).toMatchObject({ web: { image }, side: { image } });

      const dry = await sandbox.succeed(['--dry-run', 'deployment', '--dir', 'd', 'restart', '--no-git-pull']);
      expect(dry.stdout).toMatch(/^ {2}recreate web: its configuration changed \(image\)$/m);
      const plain = await restart();
      expect(plain.stderr).toContain(`web: the image of the stack again, not ${image}`);
      expect(plain.stderr).toContain(`side: the image of the stack again, not ${image}`);
      expect(await containers()).toMatchObject({ web: { image: 'busybox:1.36' }, side: { image: 'busybox:1.36' } });
    } finally {
      await sandbox.docker('rmi', '--force', image);
    }
  });

  it('checks for what a pull may bring after the pull, and before the directory changes', async () => {
    await pushed('specs/later.yml', spec('later'));
    const files = await sandbox.fileState('d/compose');
    const misspelt = await restart('--spec-file', 'specs/later.yml', '--image', 'wbe=busybox:1.36');
    expect(misspelt).toMatchObject({ code: 1 });
    expect(misspelt.stderr).toContain('did you mean "web"?');
    expect(await sandbox.exists(`${tree}/specs/later.yml`)).toBe(true);
    expect(await sandbox.fileState('d/compose')).toEqual(files);
    expect(await containers()).toEqual(before);
  });

  it("reports git's message when git refuses to use the working tree", async () => {
    const head = await sandbox.read(`${tree}/.git/HEAD`);
    await sandbox.write(`${tree}/.git/HEAD`, '');
    try {
      const { code, stderr, stdout } = await restart();
      expect({ code, pulled: stdout.includes('Git pull') }).toEqual({ code: 1, pulled: false });
      expect(stderr).toMatch(/^Error: Git pull failed: fatal: [^]*--no-git-pull/m);
      expect((await restart('--no-git-pull')).code).toBe(0);
    } finally {
      await sandbox.write(`${tree}/.git/HEAD`, head);
    }
    expect(await containers()).toEqual(before);
  });

  it('does not keep an --image that cannot be run', async () => {
    const failed = await restart('--image', 'web=laconic-sandbox-missing:local');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('laconic-sandbox-missing:local');
    expect(failed.stderr).toContain('do not apply');
    expect(await containers()).toEqual(before);

    await sandbox.run('d', 'start');
    expect(await containers()).toEqual(before);
  });

  it('generates a new value with --rotate-secret, and recreates only the services that use it', async () => {
    expect((await restart('--rotate-secret', 'TOKEN')).code).toBe(0);
    const after = await containers();
    expect(after.web?.env.TOKEN).toMatch(/^[0-9a-f]{16}$/);
    expect(after.web?.env.TOKEN).not.toBe(before.web?.env.TOKEN);
    expect(after.side).toEqual(before.side);
    expect((await restart()).code).toBe(0);
    expect((await containers()).web).toEqual(after.web);
  });

  it('uses edits in the working tree together with what is pulled', async () => {
    await sandbox.write(`${tree}/${below}/stacks/shop/deploy/commands.mjs`, 'export function start() {}\n');
    await pushed('README', 'about\n');
    expect((await restart()).code).toBe(0);
    expect(await sandbox.read('d/hooks/commands.mjs')).toBe('export function start() {}\n');
    expect(await sandbox.exists(`${tree}/README`)).toBe(true);
  });

  it.each<[string, string[], RegExp, number]>([
    ['an image for an unknown service', ['--image', 'wbe=busybox:1.36'], /did you mean "web"\?/, 1],
    ['an image without a name', ['--image', 'web='], /Invalid --image format 'web=', expected container=image/, 2],
    ['a secret that is not generated', ['--rotate-secret', 'TITLE'], /--rotate-secret TITLE: the spec/, 1],
    ['a missing spec', ['--spec-file', 'specs/none.yml'], /spec\.yml not found at \S+\/specs\/none\.yml/, 1],
    ['a missing spec outside the tree', ['--spec-file', '/nowhere/spec.yml'], /spec\.yml not found at/, 1],
    ['a missing source', ['--stack-path', 'nowhere'], /Stack source path does not exist: \S+\/nowhere/, 1],
  ])('refuses %s before anything is pulled, and changes nothing', async (_, args, message, code) => {
    const files = await listing();
    const result = await restart(...args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(await containers()).toEqual(before);
    expect(await listing()).toEqual(files);
  });

  /** The deployment's files, without the folder that contains the lock while a command runs. */
  async function listing(): Promise<Record<string, string>> {
    const all = await sandbox.fileState('d');
    return Object.fromEntries(Object.entries(all).filter(([path]) => !path.endsWith('/.laconic')));
  }

  it('changes nothing when the pull fails: no remote, a conflicting edit, an invalid spec', async () => {
    const files = await listing();
    await rename(sandbox.path(`${tree}.git`), sandbox.path('away'));
    const away = await restart();
    await rename(sandbox.path('away'), sandbox.path(`${tree}.git`));
    expect(away).toMatchObject({ code: 1 });
    expect(away.stderr).toMatch(
      /^Error: Git pull failed: .*shop\.git[^]*or use its files as they are with --no-git-pull/m,
    );

    await sandbox.write(`${tree}/README`, 'mine\n');
    await pushed('README', 'theirs\n');
    const conflict = await restart();
    expect(conflict.code).toBe(1);
    expect(conflict.stderr).toMatch(/^Error: Git pull failed: [^]*README/m);
    expect(conflict.stderr).toContain(`commit or stash the changes in ${sandbox.path(tree)};`);
    expect(await sandbox.read(`${tree}/README`)).toBe('mine\n');
    await sandbox.git(tree, 'checkout', '--', 'README');

    await pushed('deployment/spec.yml', 'stack: [');
    const broken = await restart();
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/^Error: \S+\/deployment\/spec\.yml:1/m);

    expect(await containers()).toEqual(before);
    expect(await listing()).toEqual(files);
    await pushed('deployment/spec.yml', spec('mended'));
    expect((await restart()).code).toBe(0);
  });

  it('uses the tree as it is with --no-git-pull, with edits and without its remote', async () => {
    await rename(sandbox.path(`${tree}.git`), sandbox.path('away'));
    await sandbox.write(`${tree}/${composeFile}`, compose('edited here'));
    const { code, stdout, stderr } = await restart('--no-git-pull');
    await rename(sandbox.path('away'), sandbox.path(`${tree}.git`));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain(
      `Git pull skipped: --no-git-pull, the files of ${sandbox.path(tree)} are used as they are\n`,
    );
    expect(stdout).toContain('Deployment updated: services that changed were recreated.\n');
    expect((await containers()).web?.env.FLAVOUR).toBe('edited here');

    const seen = await containers();
    await sandbox.write(`${tree}/${composeFile}`, compose('planned'));
    const dry = await sandbox.cli(['--dry-run', 'deployment', '--dir', 'd', 'restart', '--no-git-pull']);
    expect(dry.stdout).toMatch(/^ {2}recreate web: the update of the directory changes it$/m);
    expect(dry.stdout).toMatch(/^would run docker .* up --detach web$/m);
    expect(dry.stdout).toContain('nothing was done');
    expect(dry.stdout).not.toContain('Restart Complete');
    expect(await containers()).toEqual(seen);
    await sandbox.write(`${tree}/${composeFile}`, compose('edited here'));
    const again = await restart('--no-git-pull');
    expect(again.stdout).toContain('Deployment updated: nothing changed, no service was recreated.\n');
    expect(await containers()).toEqual(seen);
    await sandbox.git(tree, 'checkout', '--', composeFile);
  });

  it('does not pull a branch without an upstream, and continues', async () => {
    await sandbox.git(tree, 'checkout', '--quiet', '-b', 'mine');
    await sandbox.write(`${tree}/${composeFile}`, compose('three'));
    const { code, stderr } = await restart();
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Git pull skipped: the current branch of \S+ has no upstream branch/m);
    expect((await containers()).web?.env.FLAVOUR).toBe('three');
  });

  it('uses a source outside git as it is, and remembers --stack-path as the source', async () => {
    for (const path of [`stacks/shop/stack.yml`, 'compose/docker-compose-shop.yml']) {
      await sandbox.write(`plain/${below}/${path}`, await sandbox.read(`${tree}/${below}/${path}`));
    }
    await sandbox.write(`plain/${below}/compose/docker-compose-shop.yml`, compose('plain'));
    await sandbox.write('d/spec.yml', spec('plain').replace(below, sandbox.path('plain', below)));

    const { code, stderr } = await restart('--stack-path', `plain/${below}/stacks/shop`);

    expect(code).toBe(0);
    expect(stderr).toMatch(/^Git pull skipped: \S+\/plain\/\S+ is not in a git working tree/m);
    expect((await containers()).web?.env.FLAVOUR).toBe('plain');
    expect(await sandbox.read('d/deployment.yml')).toContain(sandbox.path('plain', below));
  });

  it('explains what to pass when stack-source is missing', async () => {
    await sandbox.write(
      'd/deployment.yml',
      (await sandbox.read('d/deployment.yml')).replace(/^stack-source:[^]*/m, ''),
    );
    const { code, stderr } = await restart();
    expect(code).toBe(1);
    expect(stderr).toBe(
      'Error: No stack-source in deployment.yml and --stack-path not provided\nUse --stack-path to specify the stack git repository location\n',
    );
  });
});
