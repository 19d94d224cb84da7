import { symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { describeWithEngine } from '../../support/engine.js';
import { cliPath, runCli, runProgram } from '../../support/program.js';
import { Sandbox } from '../../support/sandbox.js';

/** The command tree as users know it. */
const groups: Record<string, string[]> = {
  '': [
    ...['version', 'deploy', 'deployment'],
    ...['fetch-stack', 'setup-repositories', 'build-containers', 'fetch-containers'],
    'hooks',
  ],
  hooks: ['setup'],
  deploy: ['init', 'create', 'setup', 'up', 'down', 'ps', 'logs', 'port', 'exec', 'k8s'],
  'deploy-system': [],
  'deploy k8s': ['list'],
  'deploy k8s list': ['cluster'],
  deployment: [
    'start',
    'up',
    'stop',
    'down',
    'restart',
    'status',
    'ps',
    'logs',
    'exec',
    'port',
    'run-job',
    'update-envs',
    'push-images',
    'render',
    'split',
  ],
};
const paths = Object.entries(groups).flatMap(([group, names]) => names.map((name) => `${group} ${name}`.trim()));

/** Nothing that a command could need: no stack, no deployment, no engine. */
const nowhere = { cwd: '/', env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' } };

describe('help is printed at every level without any context', () => {
  it.each(Object.keys(groups))('laconic-so %s --help lists its commands', async (group) => {
    const words = group.split(' ').filter(Boolean);
    const { code, stdout, stderr } = await runCli([...words, '--help'], nowhere);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: laconic-so ${group.replace('-system', '(\\|deploy-system)?')}`));
    const listed = [...stdout.matchAll(/^ {2}([a-z][\w-]*)(?:\|[\w-]+)?(?: .*)?$/gm)].map((match) => match[1]);
    if (group !== 'deploy-system') expect(listed).toEqual(groups[group]);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it.each(['nosuch', 'deployment nosuch', 'deploy k8s nosuch'])(
    'laconic-so %s --help is a usage error',
    async (path) => {
      const { code, stdout, stderr } = await runCli([...path.split(' '), '--help'], nowhere);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^Usage: [^]*\nError: unknown command 'nosuch'/);
    },
  );

  it.each(paths)('laconic-so %s --help describes the command and every option', async (path) => {
    const { code, stdout, stderr } = await runCli([...path.split(' '), '--help'], nowhere);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [usage, blank, description] = stdout.split('\n');
    expect(usage).toMatch(new RegExp(`^Usage: laconic-so .*${path.split(' ').at(-1) ?? ''}`));
    expect([blank, description]).toEqual(['', expect.stringMatching(/^[a-z].{10,}/)]);
    // An option without a description is alone on its line.
    const options = /^Options:\n([^]*?)(?:\n\n|$)/m.exec(stdout)?.[1] ?? '';
    expect(options.split('\n').filter((line) => /^ {2}-[^ ]*(, --[\w-]+)?( <[^>]*>)?$/.test(line))).toEqual([]);
  });

  it('-h is equivalent to --help', async () => {
    const [long, short] = await Promise.all(
      ['--help', '-h'].map((flag) => runCli(['deployment', 'start', flag], nowhere)),
    );
    expect(short).toEqual(long);
  });

  it('a group without a command prints its help on stderr and exits 2', async () => {
    for (const words of [[], ['deploy'], ['deploy', 'k8s'], ['deployment'], ['deployment', '--dir', '/']]) {
      const { code, stdout, stderr } = await runCli(words, nowhere);
      expect({ words, code, stdout }).toEqual({ words, code: 2, stdout: '' });
      expect(stderr).toMatch(/^Usage: laconic-so .*\n\n[^]*^Commands:$/m);
    }
  });
});

describe('usage errors exit with code 2 and print the block on stderr that scripts know', () => {
  const usage: [words: string, args: string[], message: RegExp, command: string][] = [
    ['an unknown command', ['deplyo'], /unknown command 'deplyo'\n?.*Did you mean deploy\?/i, 'laconic-so'],
    [
      'an unknown subcommand',
      ['deployment', '--dir', 'd', 'strat'],
      /unknown command 'strat'/,
      'laconic-so deployment',
    ],
    [
      'an unknown option',
      ['deploy', 'init', '--output', 'x', '--confgi', 'A=1'],
      /unknown option '--confgi'/,
      'laconic-so deploy init',
    ],
    [
      'an abbreviated option',
      ['deployment', '--dir', 'd', 'logs', '--tai', '1'],
      /unknown option '--tai'/,
      'laconic-so deployment logs',
    ],
    [
      'a required option',
      ['deploy', 'init'],
      /required option '--output <file>' not specified/,
      'laconic-so deploy init',
    ],
    [
      'an option of the group after its command',
      ['deployment', 'start', '--dir', 'd'],
      /unknown option '--dir' \(it goes before "start"\)/,
      'laconic-so deployment start',
    ],
    [
      'a global option after the command',
      ['deployment', '--dir', 'd', 'start', '--quiet'],
      /unknown option '--quiet' \(it goes before "deployment"\)/,
      'laconic-so deployment start',
    ],
    [
      'a missing --dir',
      ['deployment', 'start'],
      /required option '--dir <path>' not specified/,
      'laconic-so deployment start',
    ],
    [
      'an option without its value',
      ['deploy', 'create', '--spec-file'],
      /'--spec-file <file>' argument missing/,
      'laconic-so deploy create',
    ],
    [
      'a missing argument',
      ['deployment', '--dir', '/', 'run-job'],
      /missing required argument 'job'/,
      'laconic-so deployment run-job',
    ],
    [
      'a value for a flag',
      ['deployment', '--dir', '/', 'stop', '--delete-volumes=true'],
      /--delete-volumes/,
      'laconic-so deployment stop',
    ],
    [
      'a time that is not a number',
      ['deployment', '--dir', '/', 'start', '--wait-timeout', 'soon'],
      /--wait-timeout: soon is not a number/,
      'laconic-so deployment start',
    ],
    [
      'an unknown format',
      ['deployment', '--dir', '/', 'ps', '--format', 'xml'],
      /--format: xml is not text or json/,
      'laconic-so deployment ps',
    ],
    [
      'an invalid image',
      ['deployment', '--dir', '/', 'restart', '--image', 'web'],
      /Invalid --image format 'web', expected container=image/,
      'laconic-so deployment restart',
    ],
    [
      'a word like an option among extra arguments',
      ['deploy', 'create', '--spec-file', 'x', '-x'],
      /unknown option '-x'/,
      'laconic-so deploy create',
    ],
  ];
  it.each(usage)('%s', async (_, args, message, command) => {
    const { code, stdout, stderr } = await runCli(args, nowhere);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const lines = stderr.split('\n');
    expect(lines[0]).toMatch(new RegExp(`^Usage: ${command} `));
    expect(lines.slice(1, 3)).toEqual([`Try '${command} --help' for help.`, '']);
    expect(lines[3]).toMatch(/^Error: /);
    expect(lines.slice(3).join('\n')).toMatch(message);
  });

  it("an error in a command's own checks exits with code 1", async () => {
    const cases: [string[], string][] = [
      [['deploy', 'ps'], 'Error: --stack option is required\n'],
      [
        ['--stack', 's', 'deployment', '--dir', '/', 'ps'],
        "Error: --stack can't be supplied with the deployment command\n",
      ],
      [['deployment', '--dir', '/nonexistent', 'start'], 'Error: deployment directory /nonexistent does not exist\n'],
      [
        ['deployment', '--dir', '/etc/passwd', 'ps'],
        'Error: supplied deployment directory path /etc/passwd exists but is a file not a directory\n',
      ],
      [
        ['deployment', '--dir', '/', 'port', 'web'],
        'Error: Usage: port <service> <exposed-port>\nmissing: <exposed-port>, a port that web listens on in its container\n',
      ],
      [
        ['deployment', '--dir', '/', 'port'],
        'Error: Usage: port <service> <exposed-port>\nmissing: <service>, the name of a service of the stack\n',
      ],
      [
        ['deployment', '--dir', '/', 'exec', 'web'],
        'Error: Usage: exec <service> <cmd>\nmissing: <cmd>, the command to run in web\n',
      ],
      [
        ['--stack', 'demo', 'deploy', 'exec'],
        'Error: Usage: exec <service> <cmd>\nmissing: <service>, the name of a service of the stack\n',
      ],
    ];
    for (const [args, message] of cases) {
      expect(await runCli(args, nowhere)).toEqual({ code: 1, stdout: '', stderr: message });
    }
  });
});

describe('options of every command', () => {
  it('--version and version print one line, whatever other options are given', async () => {
    const [one, two] = await Promise.all([
      runProgram(['--stack', 'x', 'version'], nowhere),
      runProgram(['--version'], nowhere),
    ]);
    expect(one.stdout).toMatch(/^\d+\.\d+\.\d+\S*-([0-9a-f]+|unknown)-\d{12}\n$/);
    expect(two).toEqual(one);
  });

  it('the last of a repeated option wins, and options may follow arguments', async () => {
    const { stderr } = await runCli(
      ['deployment', '--dir', '/one', '--dir', '/nonexistent/two', 'start', 'web', '--no-wait'],
      nowhere,
    );
    expect(stderr).toBe('Error: deployment directory /nonexistent/two does not exist\n');
  });
});

describeWithEngine('starting the program', () => {
  it("requires only a shell and Node, and keeps Node from interpreting the program's options", async () => {
    const sandbox = await Sandbox.make({ 'node.sh': '#!/bin/sh\nprintf "[%s]" "$@"\n' });
    const mounts = [`${cliPath}:/p/cli.js:ro`, `${sandbox.path('node.sh')}:/bin/node:ro`];
    const words = ['deploy', '--env-file', 'a file', ''];
    const volumes = mounts.flatMap((mount) => ['--volume', mount]);
    const { stdout } = await run('docker', ['run', '--rm', ...volumes, 'busybox:1.36', '/p/cli.js', ...words]);
    await sandbox.remove();
    expect(stdout).toBe('[--][/p/cli.js][deploy][--env-file][a file][]');
  });

  it('works through a link, and leaves --env-file to the program instead of Node', async () => {
    const sandbox = await Sandbox.make({
      'stack.yml': 'name: x\npods: [x]\n',
      'values.env': 'NODE_OPTIONS=--no-such-option\nVALUE=one\n',
    });
    await symlink(cliPath, sandbox.path('laconic-so'));
    const words = ['--stack', 'demo', '--dry-run', 'deploy', '--cluster', 'nobodys', '--env-file', 'values.env', 'ps'];
    const linked = await run(sandbox.path('laconic-so'), words, { cwd: sandbox.base });
    expect(linked).toMatchObject({ code: 0, stdout: 'No containers running\n' });
    await sandbox.write('values.env', 'VALUE=one\n');
    const byNode = await run(process.execPath, [cliPath, ...words], { cwd: sandbox.base });
    expect(byNode).toMatchObject({ code: 0, stdout: linked.stdout });
    await sandbox.remove();
  });
});
