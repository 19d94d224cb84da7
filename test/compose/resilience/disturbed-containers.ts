import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { containersOf, inspect, labelled, removeContainers } from '../../support/engine-api.js';
import type { Disturbed, Timed } from './kill.js';
import { otherVariant, type Site, stateFiles, type Variant } from './site.js';
import { isGenerated, readTree, type Tree, withoutIdentity } from './tree.js';

/** A deployment whose containers are created, recreated and removed while the commands are disturbed. */
export class DisturbedDeployment {
  readonly #site: Site;
  readonly #directory: string;
  readonly #project: string;
  readonly #expected = {} as Record<Variant, Tree>;
  readonly #data: Tree;
  readonly #secrets: string;
  #variant: Variant = 'a';

  private constructor(site: Site, project: string, data: Tree, secrets: string) {
    this.#site = site;
    this.#directory = site.at('c');
    this.#project = project;
    this.#data = data;
    this.#secrets = secrets;
  }

  static async make(site: Site): Promise<DisturbedDeployment> {
    await site.succeed(site.createArguments('c', 'a'));
    const directory = site.at('c');
    const data = await readTree(join(directory, 'data'));
    const secrets = await readFile(join(directory, 'secrets.env'), 'utf8');
    const made = new DisturbedDeployment(site, await site.projectOf('c'), data, secrets);
    made.#expected.a = await made.#generated();
    return made;
  }

  /** `deployment start`: the next start starts everything. */
  async start(): Promise<Disturbed> {
    const args = this.#site.deploymentArguments('c', 'start');
    const undisturbed = async (): Promise<void> => {
      await removeContainers(this.#project);
      await this.#site.succeed(args);
    };
    const round = async () => {
      await removeContainers(this.#project);
      const check = async (timed: Timed): Promise<string> => {
        const left = Object.keys(await containersOf(this.#project)).length;
        await timed(() => this.#site.succeed(args));
        await this.#expectRunning();
        return `${left} containers`;
      };
      return { args, check };
    };
    return { command: 'deployment start', undisturbed, round };
  }

  /** `deployment restart`: the directory is the old or the new one, and the next restart completes it. */
  async restart(): Promise<Disturbed> {
    const args = this.#site.deploymentArguments('c', 'restart');
    await this.#site.run('c', 'start');
    const change = async (): Promise<void> => {
      this.#variant = otherVariant(this.#variant);
      await this.#site.writeStack(this.#variant);
    };
    const undisturbed = async (): Promise<void> => {
      await change();
      await this.#site.succeed(args);
      this.#expected[this.#variant] = await this.#generated();
    };
    await undisturbed();
    const round = async () => {
      const before = this.#variant;
      await change();
      const check = async (timed: Timed): Promise<string> => {
        await this.#site.run('c', 'status');
        const tree = await this.#generated();
        const isNew = tree['stack.yml'] === this.#expected[this.#variant]['stack.yml'];
        expect(tree).toEqual(this.#expected[isNew ? this.#variant : before]);
        await timed(() => this.#site.succeed(args));
        await this.#expectRunning();
        return isNew ? 'new' : 'old';
      };
      return { args, check };
    };
    return { command: 'deployment restart', undisturbed, round };
  }

  /** `deployment stop`: the next stop removes the rest, and nothing else. */
  async stop(): Promise<Disturbed> {
    const start = this.#site.deploymentArguments('c', 'start');
    const args = this.#site.deploymentArguments('c', 'stop');
    const undisturbed = async (): Promise<void> => {
      await this.#site.succeed(start);
      await this.#site.succeed(args);
    };
    const round = async () => {
      await this.#site.succeed(start);
      const check = async (timed: Timed): Promise<string> => {
        const left = Object.keys(await containersOf(this.#project)).length;
        await timed(() => this.#site.succeed(args));
        for (const kind of ['containers', 'networks'] as const) {
          expect(await labelled(kind, this.#project), `the ${kind} are gone`).toEqual([]);
        }
        await this.#expectKept();
        return `${left} containers`;
      };
      return { args, check };
    };
    return { command: 'deployment stop', undisturbed, round };
  }

  async #generated(): Promise<Tree> {
    return withoutIdentity(await readTree(this.#directory, isGenerated));
  }

  async #expectRunning(): Promise<void> {
    const containers = await containersOf(this.#project);
    expect(Object.keys(containers).sort()).toEqual(['side', 'web']);
    expect(containers.web?.env.VARIANT).toBe(this.#variant);
    const { State } = await inspect(containers.web?.id ?? '');
    expect([containers.side?.state, State]).toMatchObject([
      'running',
      { Status: 'running', Health: { Status: 'healthy' } },
    ]);
    const password = /PASSWORD='?([0-9a-f]{32})/.exec(this.#secrets)?.[1] ?? 'no password';
    expect(containers.side?.env.PASSWORD).toBe(password);
    const state = await readdir(join(this.#directory, '.laconic'));
    expect(state.sort()).toEqual([...stateFiles, 'started.json'].sort());
    await this.#expectKept();
  }

  async #expectKept(): Promise<void> {
    expect(await this.#generated()).toEqual(this.#expected[this.#variant]);
    expect(await readFile(join(this.#directory, 'secrets.env'), 'utf8')).toBe(this.#secrets);
    expect(await readTree(join(this.#directory, 'data'))).toEqual(this.#data);
    expect(await readdir(this.#site.ground)).toEqual(['c']);
  }
}
