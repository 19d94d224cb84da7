import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WantedImage } from '../../../src/deployers/kubernetes/kind/node-images.js';
import { listKindClusters } from '../../../src/deployers/kubernetes/kind/clusters.js';
import { loadImages, NodeContents } from '../../../src/deployers/kubernetes/kind/load-images.js';
import { connectEngine, type Engine } from '../../../src/engine/connect.js';
import { InterruptedError } from '../../../src/system/errors.js';
import { runOrFail } from '../../../src/system/process/process.js';
import { describeWithCluster, shared } from '../../support/kubernetes/cluster.js';
import { type TestContext, testContext } from '../../support/context.js';

let base: string;
let engine: Engine;
const repository = `laconic-so-test/load-${process.pid}`;
const made = new Set<string>();

async function docker(...args: string[]): Promise<string> {
  return (await runOrFail(args.join(' '), 'docker', args)).stdout.trim();
}

function ctr(...args: string[]): Promise<string> {
  return docker('exec', shared.node, 'ctr', '--namespace', 'k8s.io', 'images', ...args);
}

/** A unique image with this content, `megabytes` large, on this engine only. */
async function build(name: string, content: string, megabytes = 0): Promise<string> {
  const image = `${repository}/${name}`;
  const folder = await mkdtemp(join(base, 'image-'));
  await writeFile(join(folder, 'content'), content);
  await writeFile(join(folder, 'ballast'), Buffer.alloc(megabytes * 1024 * 1024));
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY content ballast /\nCMD ["/content"]\n');
  await docker('build', '--quiet', '--tag', image, folder);
  made.add(image);
  return image;
}

/** The content of an image in the file system of the node. */
async function contentInNode(image: string): Promise<string> {
  const at = `/tmp/look-${process.pid}`;
  await docker('exec', shared.node, 'mkdir', '-p', at);
  await ctr('mount', `docker.io/${image}`, at);
  try {
    return await docker('exec', shared.node, 'cat', `${at}/content`);
  } finally {
    await ctr('unmount', '--rm', at);
  }
}

/** A context with a `docker` that records its arguments and then runs the real one. */
async function watched(): Promise<{ context: TestContext; calls: () => Promise<string[]> }> {
  const bin = await mkdtemp(join(base, 'bin-'));
  const log = join(bin, 'calls');
  const real = (await runOrFail('which docker', 'sh', ['-c', 'command -v docker'])).stdout.trim();
  await writeFile(join(bin, 'docker'), `#!/bin/sh\necho "$*" >>'${log}'\nexec '${real}' "$@"\n`, { mode: 0o755 });
  const context = testContext(base, {}, { ...process.env, PATH: `${bin}:${process.env.PATH ?? ''}` });
  return { context, calls: async () => (await readFile(log, 'utf8').catch(() => '')).split('\n') };
}

/** Runs loadImages; resolves to what it sent. @param stop interrupt it a moment after docker was called with this */
async function load(
  wanted: readonly WantedImage[],
  stop?: (calls: readonly string[]) => boolean,
): Promise<{ ids: Map<string, string>; saved: string[]; context: TestContext }> {
  const { context: plain, calls } = await watched();
  const interrupted = new AbortController();
  const context = { ...plain, signal: interrupted.signal };
  const loading = loadImages(shared.name, wanted, engine, context);
  if (stop !== undefined) {
    const over = loading.then(
      () => true,
      () => true,
    );
    while (!(await Promise.race([over, sleep(50, false)]))) if (stop(await calls())) break;
    await Promise.race([over, sleep(200)]);
    interrupted.abort();
  }
  const ids = await loading;
  return { ids, saved: (await calls()).filter((call) => call.startsWith('save ')), context };
}

describeWithCluster('local images on the nodes of kind', () => {
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'laconic-load-'));
    await mkdir(join(base, 'home'));
    engine = await connectEngine(testContext(base));
  });
  afterAll(async () => {
    for (const image of made) {
      await docker('image', 'rm', '--force', image);
      await ctr('rm', `docker.io/${image}`);
    }
    await rm(base, { recursive: true, force: true });
  });

  it('are sent in one stream when they differ, and not at all when they are present', async () => {
    const [one, two] = [await build('one:local', 'first'), await build('two:1', 'second')];
    const wanted = [
      { image: one, built: true },
      { image: two, built: false },
      { image: 'laconic-so-test/nowhere:1', built: true },
    ];
    const first = await load(wanted);
    expect(first.saved).toEqual([`save ${one} ${two}`]);
    expect(await contentInNode(one)).toBe('first');
    expect(await contentInNode(two)).toBe('second');
    expect([...first.ids]).toEqual([
      [one, await docker('image', 'inspect', '--format', '{{.Id}}', one)],
      [two, await docker('image', 'inspect', '--format', '{{.Id}}', two)],
    ]);

    const again = await load(wanted);
    expect(again.saved).toEqual([]);
    expect(again.context.output.stderr).toBe('');
  });

  it('are listed once per start, and again after some were sent', async () => {
    const image = await build('asked:local', 'first');
    const { context, calls } = await watched();
    const cluster = (await listKindClusters(engine)).find(({ name }) => name === shared.name);
    const contents = new NodeContents(cluster?.nodes ?? [], context);
    const listed = async (): Promise<number> => (await calls()).filter((call) => call.endsWith(' images ls')).length;
    const present = [{ image: 'busybox:1.36', built: false }];
    // Other tests may send it to this node too, but later.
    await load(present);
    contents.ask();
    await Promise.all([1, 2].map(() => loadImages(shared.name, present, engine, context, contents)));
    expect(await listed()).toBe(1);

    await loadImages(shared.name, [{ image, built: true }], engine, context, contents);
    await build('asked:local', 'second');
    await loadImages(shared.name, [{ image, built: true }], engine, context, contents);
    expect((await calls()).filter((call) => call.startsWith('save '))).toEqual([`save ${image}`, `save ${image}`]);
    expect(await contentInNode(image)).toBe('second');
  });

  it('are sent only when they were rebuilt, and others on the node are left alone', async () => {
    const [one, two] = [await build('one:local', 'rebuilt'), await build('two:1', 'rebuilt')];
    const { saved } = await load([
      { image: one, built: true },
      { image: two, built: false },
    ]);
    expect(saved).toEqual([`save ${one}`]);
    expect(await contentInNode(one)).toBe('rebuilt');
    expect(await contentInNode(two)).toBe('second');
  });

  it('are never kept in memory, however large', async () => {
    const large = await build('large:local', 'large', 200);
    const before = process.memoryUsage().rss;
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 10);
    try {
      await load([{ image: large, built: true }]);
    } finally {
      clearInterval(watch);
    }
    expect((most - before) / 1024 / 1024).toBeLessThan(80);
    expect(await ctr('ls', '--quiet')).toContain(large);
  });

  it('are not left incomplete when sending is interrupted', async () => {
    const large = await build('cut:local', 'cut', 200);
    const sending = (calls: readonly string[]): boolean => calls.some((call) => call.endsWith(' import -'));
    await expect(load([{ image: large, built: true }], sending)).rejects.toThrow(InterruptedError);
    expect(await ctr('ls', '--quiet')).not.toContain(large);
    expect((await load([{ image: large, built: true }])).saved).toHaveLength(1);
    expect(await contentInNode(large)).toBe('cut');
  });

  it('cannot be sent to a missing cluster, which is named', async () => {
    const image = await build('one:local', 'first');
    const lost = loadImages('laconic-nowhere', [{ image, built: true }], engine, testContext(base));
    await expect(lost).rejects.toThrow('there is no kind cluster laconic-nowhere on this host');
  });
});
