import { randomBytes } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { run } from '../../../src/system/process/process.js';
import { Sources } from '../../git/support/sources.js';
import { type SshServer, startAgent, startSshServer } from '../../git/support/ssh-server.js';
import type { CliResult } from '../program.js';

/** The response of the story's web server, by the commit of its repository. */
export const pages = { first: 'made from the first commit\n', second: 'made from the second commit\n' } as const;

function dockerfile(page: string): string {
  return `FROM busybox:1.36\nRUN mkdir /www && printf '%s' '${page.trimEnd()}' > /www/page && echo >> /www/page\nENTRYPOINT ["httpd", "-f", "-p", "80", "-h", "/www"]\n`;
}

type Agent = Awaited<ReturnType<typeof startAgent>>;

/**
 * The way from an organisation's repositories on a git host to a deployable spec, taken by an operator with an SSH
 * agent. One repository has the stack and the script that builds its image, and another has what the image is built
 * from.
 */
export class FromGit {
  readonly sources: Sources;
  /** Only this story uses the image `<org>/web:local`. */
  readonly org: string;
  readonly #server: SshServer;
  readonly #agent: Agent;

  private constructor(sources: Sources, org: string, server: SshServer, agent: Agent) {
    this.sources = sources;
    this.org = org;
    this.#server = server;
    this.#agent = agent;
    // The short forms mean git@git.test, which ssh maps to another name, user and port.
    const rule = `url.ssh://${server.user}@127.0.0.1:${server.port}${sources.path('hosted')}/.insteadOf`;
    sources.env = {
      ...sources.env,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: rule,
      GIT_CONFIG_VALUE_0: 'git@git.test:',
      GIT_SSH_COMMAND: server.command,
      SSH_AUTH_SOCK: agent.socket,
      XDG_STATE_HOME: sources.path('state'),
    };
  }

  /** Starts the git host and publishes the repositories. */
  static async make(): Promise<FromGit> {
    const org = `laconic-story-${randomBytes(4).toString('hex')}`;
    const sources = await Sources.make();
    const server = await startSshServer(sources.path('ssh'));
    const agent = await startAgent(sources.path('agent'), server.key);
    const top = 'stack-orchestrator';
    await sources.publish(`${org}/stacks`, {
      [`${top}/stacks/page/stack.yml`]: `version: "1.0"\nname: page\nrepos: [git.test/${org}/web-source@release]\ncontainers: [${org}/web]\npods: [page]\n`,
      [`${top}/compose/docker-compose-page.yml`]: `services:\n  web:\n    image: ${org}/web:local\n    ports: ["80"]\n    stop_grace_period: 1s\n    healthcheck: {test: ["CMD", "wget", "-qO-", "http://127.0.0.1/page"], interval: 1s}\n`,
      [`${top}/container-build/${org}-web/build.sh`]: [
        '#!/usr/bin/env bash',
        '. "${CERC_CONTAINER_BASE_DIR}/build-base.sh"',
        `docker build -t ${org}/web:local \${build_command_args} "\${CERC_REPO_BASE_DIR}/web-source"`,
        '',
      ].join('\n'),
    });
    await sources.publish(`${org}/web-source`, { Dockerfile: 'FROM this-branch-is-not-meant\n' });
    const story = new FromGit(sources, org, server, agent);
    await story.release('first');
    return story;
  }

  /** A new commit on the branch that the stack names. @returns its id */
  release(page: keyof typeof pages): Promise<string> {
    return this.sources.commit(
      `${this.org}/web-source`,
      { Dockerfile: dockerfile(pages[page]) },
      { branch: 'release' },
    );
  }

  get stack(): string {
    return this.sources.base('stacks/stack-orchestrator/stacks/page');
  }

  /** Runs the program as the operator; anything but success is an error. */
  async succeed(...args: string[]): Promise<CliResult> {
    const result = await this.sources.cli(args);
    expect([args.join(' '), result.code, result.code === 0 ? '' : result.stderr]).toEqual([args.join(' '), 0, '']);
    return result;
  }

  deployment(...args: string[]): Promise<CliResult> {
    return this.succeed('deployment', '--dir', this.sources.path('deployment'), ...args);
  }

  /** Runs fetch-stack, setup-repositories and build-containers. */
  async build(): Promise<void> {
    const fetched = await this.succeed('fetch-stack', '--git-ssh', `git.test/${this.org}/stacks`);
    expect(fetched.stderr).toContain(`--stack ${this.stack}\n`);
    const source = this.sources.base('web-source');
    const { stdout } = await this.succeed('--stack', this.stack, 'setup-repositories', '--git-ssh');
    expect(stdout).toContain(`Checking: ${source}: Needs to be fetched\n`);
    expect(stdout).toContain(`switching to branch release in repo ${this.org}/web-source\n`);
    await this.succeed('--stack', this.stack, 'build-containers');
  }

  /** Pulls and builds the second commit. */
  async rebuild(): Promise<void> {
    const commit = await this.release('second');
    const args = ['--stack', this.stack, 'setup-repositories', '--git-ssh', '--pull', '--format', 'json'];
    const document = JSON.parse((await this.succeed(...args)).stdout) as { repositories: { commit: string }[] };
    expect(document.repositories.map((repository) => repository.commit)).toEqual([commit]);
    await this.succeed('--stack', this.stack, 'build-containers');
  }

  /** Runs init for this target with these options, adds lines to the spec, and runs create. */
  async create(target: 'compose' | 'k8s', init: readonly string[], more: string): Promise<void> {
    const file = this.sources.path('spec.yml');
    await this.succeed('--stack', this.stack, 'deploy', '--deploy-to', target, 'init', ...init, '--output', file);
    await appendFile(file, more);
    const directory = this.sources.path('deployment');
    await this.succeed('deploy', 'create', '--spec-file', file, '--deployment-dir', directory);
    expect(await readFile(this.sources.path('deployment/deployment.yml'), 'utf8')).toContain(this.stack);
  }

  async remove(): Promise<void> {
    await run('docker', ['rmi', '--force', `${this.org}/web:local`]);
    await this.#agent.stop();
    await this.#server.stop();
    await this.sources.remove();
  }
}
