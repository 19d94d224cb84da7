import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubeConfig } from '@kubernetes/client-node';
import type { ClusterApi, WatchEvent } from '../../../../../src/deployers/kubernetes/api/api.js';
import { createClusterApi } from '../../../../../src/deployers/kubernetes/api/client.js';
import { resources } from '../../../../../src/deployers/kubernetes/api/resources.js';
import { HttpTransport } from '../../../../../src/deployers/kubernetes/api/transport.js';

/** A web server that fails as scripted, in ways in which a real API server does not fail on request. */
describe('requests over a failing network', () => {
  let server: Server;
  let answers: ((request: IncomingMessage, response: ServerResponse) => void)[];
  let asked: string[];
  let warned: string[];
  const interrupt = new AbortController();
  let api: ClusterApi;

  beforeEach(async () => {
    answers = [];
    asked = [];
    server = createServer((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.authorization ?? ''}`.trim());
      (answers.shift() ?? json(500, { message: 'nothing more was expected' }))(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const config = new KubeConfig();
    config.loadFromOptions({
      clusters: [{ name: 'c', server: address, skipTLSVerify: true }],
      users: [{ name: 'u', token: 'abc' }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
      currentContext: 'x',
    });
    warned = [];
    const warn = (text: string): void => void warned.push(text);
    api = createClusterApi(new HttpTransport(config, address, interrupt.signal, { warn }), 'x', interrupt.signal, warn);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const json =
    (status: number, body: object, headers: Record<string, string> = {}) =>
    (_: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(status, headers).end(JSON.stringify(body));
    };
  const broken = (request: IncomingMessage): void => void request.socket.destroy();
  const pod = (name: string, resourceVersion: string) => ({ metadata: { name, uid: name, resourceVersion } });
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'n' } };

  it('repeats a read until it is answered, each time with the credentials', async () => {
    answers = [json(503, {}), broken, json(429, {}, { 'retry-after': '0' }), json(200, pod('a', '1'))];
    expect(await api.get(resources.Pod, 'a', 'n')).toMatchObject(pod('a', '1'));
    expect(asked).toEqual(Array.from({ length: 4 }, () => 'GET /api/v1/namespaces/n/pods/a Bearer abc'));
  });

  it('repeats an apply and a delete, since both are idempotent', async () => {
    answers = [broken, json(200, pod('a', '1')), broken, json(404, {})];
    await api.apply(object, { fieldManager: 'm', force: false });
    expect(await api.delete(resources.ConfigMap, 'a', 'n')).toBe(false);
    expect(asked).toHaveLength(4);
  });

  it('does not repeat a create, which may have succeeded', async () => {
    answers = [broken];
    await expect(api.create(object, 'm')).rejects.toThrow(
      /^cannot create ConfigMap a in namespace n: the API server .* cannot be reached/,
    );
    expect(asked).toHaveLength(1);
  });

  it('reports a refusal in the words of the server', async () => {
    answers = [json(403, { message: 'pods is forbidden', reason: 'Forbidden' })];
    await expect(api.list(resources.Pod, { namespace: 'n' })).rejects.toMatchObject({
      message: 'cannot list pods in namespace n: pods is forbidden',
      status: 403,
    });
  });

  it('asks once more for credentials that are rejected, then explains what to do', async () => {
    answers = [json(401, { message: 'Unauthorized' }), json(401, { message: 'Unauthorized' })];
    await expect(api.get(resources.Pod, 'a', 'n')).rejects.toMatchObject({
      message: 'cannot read Pod a in namespace n: Unauthorized',
      hint: expect.stringContaining('renew them') as string,
    });
    expect(asked).toHaveLength(2);
  });

  it('reports a warning of the server once', async () => {
    const warning = { warning: '299 - "would violate \\"restricted\\"", 299 - "another"' };
    answers = [json(200, pod('a', '1'), warning), json(200, pod('a', '1'), warning)];
    for (const dryRun of [true, false]) await api.apply(object, { fieldManager: 'm', force: false, dryRun });
    expect(warned).toEqual([
      'ConfigMap a in namespace n: would violate "restricted"',
      'ConfigMap a in namespace n: another',
    ]);
  });

  it('reads long lists in pages, and from the start when the continue token has expired', async () => {
    const page = (names: string[], next?: string) =>
      json(200, {
        metadata: { resourceVersion: '9', ...(next ? { continue: next } : {}) },
        items: names.map((name) => pod(name, '1')),
      });
    answers = [page(['a'], 'two'), json(410, {}), page(['a'], 'two'), page(['b'])];
    const listed = await api.list(resources.Pod, {});
    expect(listed.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['Pod a', 'Pod b']);
    expect(asked[3]).toContain('continue=two');
  });

  it('continues a watch after the server ends it, and lists again when its position has expired', async () => {
    const lines =
      (...events: object[]) =>
      (_: IncomingMessage, response: ServerResponse): void => {
        response.writeHead(200).end(events.map((each) => `${JSON.stringify(each)}\n`).join(''));
      };
    const list = (version: string, ...items: object[]) => json(200, { metadata: { resourceVersion: version }, items });
    answers = [
      list('5', pod('old', '3')),
      lines(
        { type: 'ADDED', object: pod('new', '6') },
        { type: 'BOOKMARK', object: { metadata: { resourceVersion: '8' } } },
      ),
      broken,
      lines({ type: 'ERROR', object: { code: 410, message: 'too old' } }),
      list('20', pod('new', '15'), pod('later', '16')),
      (_, response) => void response.writeHead(200).flushHeaders(),
    ];
    const ended = new AbortController();
    const seen: string[] = [];
    const told = ({ type, object: { metadata } }: WatchEvent): string => `${type} ${metadata.name}`;
    for await (const event of api.watch(resources.Pod, { namespace: 'n' }, ended.signal)) {
      seen.push(told(event));
      if (seen.length === 5) ended.abort();
    }
    expect(seen).toEqual(['ADDED old', 'ADDED new', 'DELETED old', 'MODIFIED new', 'ADDED later']);
    const watches = asked.filter((each) => each.includes('watch=true'));
    expect(watches.map((each) => /resourceVersion=(\d+)/.exec(each)?.[1])).toEqual(['5', '8', '8']);
  });

  it('ends a watch that is refused', async () => {
    answers = [json(200, { metadata: { resourceVersion: '1' }, items: [] }), json(403, { message: 'no' })];
    const follow = async (): Promise<void> => {
      const events = api.watch(resources.Pod, {}, new AbortController().signal)[Symbol.asyncIterator]();
      await events.next();
    };
    await expect(follow()).rejects.toMatchObject({ status: 403 });
  });

  it('sends nothing more when the command is interrupted', async () => {
    interrupt.abort();
    await expect(api.get(resources.Pod, 'a', 'n')).rejects.toMatchObject({ exitCode: 130 });
    expect(asked).toEqual([]);
  });
});
