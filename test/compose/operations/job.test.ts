import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listContainers } from '../../../src/deployers/compose/resources/list.js';
import { statusText } from '../../../src/output/status.js';
import { describeWithEngine } from '../../support/engine.js';
import { walk } from '../../support/suites.js';
import { eventually } from '../../support/eventually.js';
import { type CallOptions, outcomeOf, Project } from '../../support/project.js';

/** An image from which the engine takes long to make a container. */
const fullImage = `lsops-full-${randomBytes(4).toString('hex')}:local`;

/** The deployment binds its volume to a directory and labels its network, which the job files do not mention. */
const compose = `
services:
  web:
    image: IMAGE
    command: sh -c 'echo served > /srv/index.html; exec httpd -f -p 80 -h /srv'
    init: true
    volumes: ['data:/srv']
volumes:
  data: { driver_opts: { type: none, o: bind, device: DIRECTORY/data } }
networks:
  default: { labels: { own: 'yes' } }
`;
const jobs = {
  ask: `
services:
  ask:
    image: IMAGE
    command: sh -c 'cat /srv/index.html; nslookup web >/dev/null && echo found; echo \${GREETING}; echo to stderr >&2; exit 4'
    volumes: ['data:/srv']
volumes:
  data:
`,
  read: `
services:
  read:
    image: IMAGE
    entrypoint: [sh, -c, 'echo "$$@"; cat', words]
    volumes: ['data:/srv']
volumes:
  data:
`,
  long: `
services:
  long:
    image: IMAGE
    command: sh -c 'trap "echo bye > /srv/bye; exit 0" TERM; echo up; while true; do sleep 0.1; done'
    volumes: ['data:/srv']
volumes:
  data:
`,
  full: `
services:
  full: { image: '${fullImage}', command: sleep 1000, volumes: ['full:/full'] }
volumes: { full: }
`,
  terminal: `
services:
  terminal: { image: IMAGE, command: tty }
`,
  misnamed: `
services:
  other: { image: IMAGE }
`,
};

describeWithEngine('run-job', () => {
  let ground: Project;
  const runJob = async (job: string, args: string[] = [], more: CallOptions = {}) =>
    outcomeOf(await ground.call({ operation: 'job', job, args }, more));
  const network = (): Promise<string> =>
    ground.docker('network', 'inspect', '-f', '{{.Id}}', `${ground.project.name}_default`);

  beforeAll(async () => {
    ground = await Project.make(compose, jobs);
    await ground.write('data/first', 'kept');
  });
  afterAll(() => ground.remove());

  it('runs without a running deployment, with its arguments in place of the command', async () => {
    const { code, stdout, stderr } = await runJob('read', ['a  b', '--rm', '-x', '$HOME'], {
      files: [],
      input: 'y\n\u00ff\n',
    });
    expect(stderr.replace(/^.*(Creating|Created) *\n/gm, '')).toBe('');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Running job: read\na  b --rm -x $HOME\ny\n\u00ff\n' });
    await ground.compose('down', '--volumes');
  });

  it('shares network and volumes with the running deployment, and leaves both unchanged', async () => {
    await ground.compose('up', '--detach');
    const before = { network: await network(), config: await ground.compose('ps', '--all', '--format', 'json') };
    const page = join(ground.directory, 'data/index.html');
    await eventually('the page is there', async () => (await readFile(page, 'utf8').catch(() => '')) !== '');
    const result = await runJob('ask', [], { input: 'y\ny\n' });

    expect(result.stdout).toBe('Running job: ask\nserved\nfound\nfrom config.env\n');
    expect(result.code).toBe(4);
    expect(result.stderr).toContain('to stderr\n');
    expect(result.stderr).toMatch(/^Error running job ask: it returned with code 4$/m);
    expect(result.stderr).not.toMatch(/Network|Container|Volume/);
    expect(result.stderr).not.toContain('orphan');
    expect(await network()).toBe(before.network);
    expect(await readFile(join(ground.directory, 'data/first'), 'utf8')).toBe('kept');
    expect(await ground.docker('volume', 'inspect', '-f', '{{.Options.device}}', `${ground.project.name}_data`)).toBe(
      `${ground.directory}/data\n`,
    );
    // The next start recreates nothing.
    const ids = (): Promise<string> =>
      ground.docker('ps', '-aq', '--no-trunc', '--filter', `name=${ground.project.name}-web`);
    const web = await ids();
    await ground.compose('up', '--detach');
    expect(await ids()).toBe(web);
    expect(await ground.docker('ps', '-aq', '--filter', `name=${ground.project.name}-ask`)).toBe('');
  });

  it('explains a missing job, and one whose service has another name', async () => {
    const unknown = await runJob('aks');
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toBe(
      'Error: Job \'aks\' not found, did you mean "ask"?\nAvailable jobs: ask, read, long, full, terminal, misnamed\n',
    );
    expect((await runJob('misnamed')).stderr).toContain('there is no service "misnamed"\nservices in it: other\n');
  });

  it('is listed by status as a job, and is stopped and removed when interrupted', async () => {
    const temporary = await ground.write('tmp/other', '');
    const env = { TMPDIR: dirname(temporary) };
    const running = ground.call({ operation: 'job', job: 'long', args: [] }, { env });
    let seen = '';
    running.stdout.on('data', (bytes: Buffer) => (seen += bytes.toString()));
    await eventually('the job runs', () => seen.includes('up\n'));
    const listed = await listContainers(ground.project.name, ground.engine);
    expect(statusText({ degraded: false, missing: [], behind: [], warnings: [], containers: listed })).toMatch(
      new RegExp(`^${ground.project.name}-long-run-[0-9a-f]{12}\trunning\tjob$`, 'm'),
    );

    running.kill('SIGTERM');
    const result = await running;
    expect(Buffer.from(result.stderr).toString()).toContain('Error: interrupted\n');
    expect(result.exitCode).toBe(130);
    expect(await ground.docker('ps', '-aq', '--filter', `name=${ground.project.name}-long`)).toBe('');
    // The job had time to end by itself.
    expect(await readFile(join(ground.directory, 'data/bye'), 'utf8')).toBe('bye\n');
    expect(await readdir(dirname(temporary))).toEqual(['other']);
  });

  it.each(walk ? [0, 150, 300, 450, 600, 800] : [0, 300, 600])(
    'leaves no container when it is interrupted after %i ms',
    async (pause) => {
      const running = ground.call({ operation: 'job', job: 'long', args: [] });
      await new Promise((resolve) => running.stdout.once('data', resolve));
      await new Promise((resolve) => setTimeout(resolve, pause));
      running.kill('SIGINT');
      expect((await running).exitCode).toBe(130);
      expect(await ground.docker('ps', '-aq', '--filter', `name=${ground.project.name}-long`)).toBe('');
    },
  );

  it('leaves no container that the engine was still creating when it was interrupted', async () => {
    // The engine copies the content of the image into the new volume before it lists the container.
    const fill =
      'FROM IMAGE\nRUN mkdir /full && cd /full && i=0 && while [ $i -lt 8000 ]; do echo x > f$i; i=$((i+1)); done\n';
    const dockerfile = await ground.write('full/Dockerfile', fill);
    await ground.docker('build', '--quiet', '--tag', fullImage, dirname(dockerfile));
    const { name } = ground.project;
    const volumes = (): Promise<string> => ground.docker('volume', 'ls', '--quiet', '--filter', `name=${name}_full`);
    try {
      const running = ground.call({ operation: 'job', job: 'full', args: [] });
      await eventually('its volume', async () => (await volumes()) !== '');
      running.kill('SIGINT');
      expect((await running).exitCode).toBe(130);
      // The container would have appeared after the time that it takes to create one.
      await ground.docker('create', '--name', `${name}-measure`, '--volume', '/full', fullImage);
      await ground.docker('rm', '--volumes', `${name}-measure`);
      expect(await ground.docker('ps', '-aq', '--filter', `name=${name}-full-run-`)).toBe('');
    } finally {
      await ground.docker('volume', 'rm', `${name}_full`);
      await ground.docker('rmi', fullImage);
    }
  });

  it('gives the job the terminal', async () => {
    const shell = `export A="$1" B="$2"; script -qec '"$A" "$B"' /dev/null`;
    expect((await runJob('terminal', [], { shell, input: '' })).stdout).toContain('/dev/pts/');
    expect((await runJob('terminal')).stdout).toBe('Running job: terminal\nnot a tty\n');
  });
});
