import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from '../../support/engine.js';
import { containersOf } from '../../support/engine-api.js';
import { idleService, Sandbox } from '../../support/sandbox.js';

const stack = 'source/stacks/app';

/** A pod that includes two files and extends a third, each of which adds something. */
const files = {
  [`${stack}/stack.yml`]: 'name: app\npods:\n  - app\n',
  'source/compose/docker-compose-app.yml': `include:
  - parts/store.yml
  - path: ../config/shared/cache.yml
    project_directory: .
services:
  web:
    extends:
      file: ../config/shared/base.yml
      service: template
    environment:
      OWN: \${OWN:-}
`,
  'source/compose/parts/store.yml': `services:
${idleService('store', '    environment:\n      STORE_NAME: ${STORE_NAME:-}\n      BESIDE: ${BESIDE:-}\n    ports: ["81"]\n    volumes:\n      - rows:/rows\n      - ../../config/store-files/rows.txt:/rows.txt:ro\n')}
volumes:
  rows:
`,
  'source/compose/parts/.env': 'BESIDE=from the file beside\n',
  'source/config/shared/cache.yml': `services:
${idleService('cache', '    volumes:\n      - kept:/kept\n')}
volumes:
  kept:
`,
  'source/config/shared/base.yml': `services:
${idleService('template', '    ports: ["80"]\n    env_file:\n      - base.env\n    environment:\n      INHERITED: ${INHERITED:-}\n')}
${idleService('unused', '    environment:\n      NOT_MENTIONED: ${NOT_MENTIONED:-}\n')}
`,
  'source/config/shared/base.env': 'FROM_FILE=${FROM_FILE:-}\n',
  'source/config/store-files/rows.txt': 'seven rows\n',
};

describeWithEngine('included and extended compose files', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await Sandbox.make(files);
  });
  afterAll(() => sandbox.remove());

  const shell = async (service: string, command: string): Promise<string> =>
    (await sandbox.run('d', 'exec', service, command)).stdout;

  it('are read by init for their ports and volumes', async () => {
    await sandbox.succeed(['--stack', stack, 'deploy', 'init', '--output', 'offered.yml']);
    expect(await sandbox.read('offered.yml')).toBe(
      `stack: ${stack}
deploy-to: compose
network:
  ports:
    web:
      - '80'
    store:
      - '81'
volumes:
  rows: ./data/rows
  kept: ./data/kept
`,
    );
  });

  it("are copied by create with the spec's ports and volumes, with a warning only about the name that nothing mentions", async () => {
    await sandbox.write(
      'spec.yml',
      `stack: ${stack}
deploy-to: compose
config:
  OWN: one
  STORE_NAME: two
  INHERITED: three
  FROM_FILE: four
  NOT_MENTIONED: five
network:
  ports:
    web: ['127.0.0.1::80']
    store: ['127.0.0.1::81']
volumes:
  rows: ./data/rows
  kept: ./data/kept
`,
    );
    const made = await sandbox.create('spec.yml', 'd');
    expect(made.stderr.split('\n').filter((line) => line.startsWith('WARNING'))).toEqual([
      'WARNING: spec.yml:8 config.NOT_MENTIONED: no service mentions ${NOT_MENTIONED}: no container gets it',
    ]);
  });

  it('work without the stack: every value, mount and volume of the included files is in place', async () => {
    const started = await sandbox.deployment('d', 'start');
    expect(started).toMatchObject({ code: 0, stdout: '' });
    expect(await shell('web', 'echo $OWN $INHERITED $FROM_FILE')).toBe('one three four\n');
    expect(await shell('store', 'echo $STORE_NAME, $BESIDE; cat /rows.txt; echo 8 > /rows/count')).toBe(
      'two, from the file beside\nseven rows\n',
    );
    await shell('cache', 'echo 9 > /kept/count');
    expect([await sandbox.read('d/data/rows/count'), await sandbox.read('d/data/kept/count')]).toEqual(['8\n', '9\n']);
  });

  it('have inherited ports replaced by those of the spec, so that nothing else is published', async () => {
    const project = await sandbox.projectOf('d');
    const published = await sandbox.docker('port', `${project}-web-1`);
    expect(published).toMatch(/^80\/tcp -> 127\.0\.0\.1:\d+\n$/);
  });

  it('recreate their services at the next update when they change', async () => {
    const project = await sandbox.projectOf('d');
    const before = await containersOf(project);
    await sandbox.edit('source/compose/parts/store.yml', 'STORE_NAME: ', 'MORE: more\n      STORE_NAME: ');
    await sandbox.create('spec.yml', 'd', '--update');
    await sandbox.run('d', 'start');
    const after = await containersOf(project);
    expect(after.store?.env.MORE).toBe('more');
    expect([after.web?.id, after.cache?.id]).toEqual([before.web?.id, before.cache?.id]);
  });
});
