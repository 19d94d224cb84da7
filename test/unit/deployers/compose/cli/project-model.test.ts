import { describe, expect, it } from 'vitest';
import { parseModel, withDependencies } from '../../../../../src/deployers/compose/cli/project-model.js';
import { checkImageServices } from '../../../../../src/deployment/images/image-overrides.js';
import { isPullable } from '../../../../../src/deployers/compose/start/pull.js';
import { parseStarted } from '../../../../../src/deployers/compose/project/start-record.js';
import { judgeVolume } from '../../../../../src/deployers/compose/resources/volumes.js';
import { joinFrames } from '../../../../../src/engine/containers.js';

const model = (services: Record<string, unknown>, more: Record<string, unknown> = {}, env: NodeJS.ProcessEnv = {}) =>
  parseModel(JSON.stringify({ services, ...more }), { name: 'p', env });

describe('the model read from docker compose config', () => {
  it.each(['garbage', 'null', '[1]', ''])('is refused with an explanation when docker prints %j', (text) => {
    expect(() => parseModel(text, { name: 'p', env: {} })).toThrow(/^docker compose config printed no (JSON|map)/);
  });

  it('lists what is fixed when a container is created: mounted paths, env files, and the texts of configs and secrets', () => {
    const { services } = model(
      {
        web: {
          volumes: [
            { type: 'bind', source: '/a.conf' },
            { type: 'volume', source: 'data' },
          ],
          configs: [{ source: 'text' }, { source: 'file' }],
          secrets: [{ source: 'word' }],
        },
      },
      { configs: { text: { content: 'hi' }, file: { file: '/b.conf' } }, secrets: { word: { environment: 'WORD' } } },
      { WORD: 'w' },
    );
    expect(services.get('web')?.hostPaths).toEqual(['/a.conf', '/b.conf']);
    expect(services.get('web')?.copied).toEqual([
      { name: 'config text', text: 'hi' },
      { name: 'secret word', text: 'w' },
    ]);
  });

  it('has the number of containers of a service, and the name of an image that is built', () => {
    const { services } = model({ a: {}, b: { scale: 0 }, c: { deploy: { replicas: 3 } } });
    expect([...services.values()].map((one) => one.replicas)).toEqual([1, 0, 3]);
    expect(services.get('a')?.image).toBe('p-a');
  });

  it('leaves external volumes out', () => {
    const { volumes } = model({}, { volumes: { a: { name: 'x', external: true }, b: { name: 'p_b' } } });
    expect(volumes).toEqual([{ name: 'p_b', options: {} }]);
  });

  it('includes transitive dependencies', () => {
    const chain = model({ a: { depends_on: { b: {} } }, b: { depends_on: { c: {} } }, c: {}, d: {} });
    expect([...withDependencies(chain, ['a'])]).toEqual(['a', 'b', 'c']);
    expect([...withDependencies(chain, [])]).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('image overrides', () => {
  it('are refused for services that do not exist', () => {
    expect(() => checkImageServices(new Map([['wbe', 'x']]), ['web'])).toThrow('did you mean "web"?');
  });
});

describe('the images that restart pulls', () => {
  const service = (raw: Record<string, unknown>) => {
    const found = model({ a: raw }).services.get('a');
    if (found === undefined) throw new Error('no service');
    return found;
  };
  const pulled = { id: 'x', repoDigests: ['r@sha256:1'] };
  it.each([
    ['from a registry', { image: 'r:1' }, pulled, true],
    ['not present locally', { image: 'r:1' }, undefined, true],
    ['built by the program', { image: 'r:1' }, { id: 'x', repoDigests: [] }, false],
    ['built by Compose', { image: 'r:1', build: {} }, pulled, false],
    [':local', { image: 'r:local' }, undefined, false],
    ['never pulled by its policy', { image: 'r:1', pull_policy: 'never' }, pulled, false],
    ['pinned by digest and present', { image: 'r:1@sha256:1' }, pulled, false],
  ])('%s', (_, raw, local, expected) => {
    expect(isPullable(service(raw), local)).toBe(expected);
  });
});

describe('a volume whose device changed', () => {
  const wanted = { name: 'p_data', options: { device: '/new' } };
  const found = { name: 'p_data', options: { device: '/old' } };
  it.each([
    ['gone', false, 'recreate'],
    ['empty', false, 'recreate'],
    ['present', false, 'refuse'],
    ['unknown', false, 'refuse'],
    ['present', true, 'recreate'],
  ] as const)('with old data %s (accepted: %s) leads to: %s', (old, accepted, kind) => {
    expect(judgeVolume(wanted, found, old, accepted).kind).toBe(kind);
  });

  it('is never recreated when the engine itself keeps the data', () => {
    expect(judgeVolume(wanted, { name: 'p_data', options: {} }, 'unknown', true).kind).toBe('refuse');
  });
});

describe('the record of a start', () => {
  it.each([
    '',
    'null',
    '[]',
    '{"version":2,"services":{}}',
    '{"version":1}',
    '{"version":1,"services":{"a":{}}}',
    '{"version":1,"services":{"a":null}}',
  ])('is ignored when it contains %s', (text) => {
    expect(parseStarted(text)).toBeUndefined();
  });
});

describe("the engine's log format", () => {
  it('is decoded, including a truncated last frame', () => {
    const frame = (stream: number, text: string, length = Buffer.byteLength(text)): Buffer => {
      const header = Buffer.alloc(8);
      header[0] = stream;
      header.writeUInt32BE(length, 4);
      return Buffer.concat([header, Buffer.from(text)]);
    };
    expect(joinFrames(Buffer.concat([frame(1, 'a\n'), frame(2, 'ü\n'), frame(1, 'cu', 10)])).toString()).toBe(
      'a\nü\ncu',
    );
  });
});
