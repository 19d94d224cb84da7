import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Document } from 'yaml';
import { bindVolume, renderCompose, setServicePorts } from '../../src/compose/document/edit.js';
import { parseComposeFile } from '../../src/compose/document/file.js';
import { formatPort, parsePort } from '../../src/compose/syntax/ports.js';
import { parseYaml } from '../../src/system/yaml/yaml.js';

const scalar = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('80', 'yes', '~', '0440', 'a: b', '# c', '${X:-1}', 'a\nb\n'),
);
const key = fc
  .stringMatching(/^[a-z][a-z0-9_-]{0,6}$/)
  .filter(
    (text) =>
      text !== 'ports' &&
      text !== 'volumes' &&
      text !== 'image' &&
      text !== 'restart' &&
      text !== 'profiles' &&
      text !== 'env_file',
  );
const service = fc.dictionary(
  key,
  fc.oneof(scalar, fc.array(scalar, { maxLength: 4 }), fc.dictionary(key, scalar, { maxKeys: 3 })),
  { maxKeys: 5 },
);
const port = fc
  .record({
    container: fc.integer({ min: 1, max: 65535 }).map(String),
    host: fc.option(fc.integer({ min: 0, max: 65535 }).map(String), { nil: undefined }),
    ip: fc.option(fc.oneof(fc.ipV4(), fc.ipV6()), { nil: undefined }),
    protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
  })
  .map(({ container, host, ip, protocol }) => ({
    container,
    protocol,
    ...(host === undefined ? {} : { host }),
    ...(ip === undefined ? {} : { ip }),
  }));

describe('edits of a compose file', () => {
  it('change what they name and nothing else, whatever else is in the file', () => {
    const files = fc.record({
      services: fc.dictionary(key, service, { minKeys: 1, maxKeys: 4 }),
      volumes: fc.dictionary(key, fc.constantFrom(null, {}, { external: true }), { minKeys: 1, maxKeys: 3 }),
      rest: fc.dictionary(
        key.map((name) => `x-${name}`),
        scalar,
        { maxKeys: 2 },
      ),
    });
    fc.assert(
      fc.property(
        files,
        fc.array(port, { maxLength: 4 }),
        fc.string({ minLength: 1, maxLength: 12 }),
        ({ services, volumes, rest }, ports, device) => {
          const value = { ...rest, services, volumes };
          const [name = ''] = Object.keys(services);
          const [volume = ''] = Object.keys(volumes);
          const file = parseComposeFile(new Document(value).toString(), 'c.yml');
          const wanted = ports.map(formatPort);
          setServicePorts(file, name, wanted);
          bindVolume(file, volume, device);

          const after = parseYaml(renderCompose(file), 'c.yml').value;
          expect(after).toEqual({
            ...value,
            services: { ...services, [name]: { ...services[name], ...(wanted.length > 0 ? { ports: wanted } : {}) } },
            volumes: { ...volumes, [volume]: { driver: 'local', driver_opts: { type: 'none', device, o: 'bind' } } },
          });
        },
      ),
    );
  });
});

describe('ports', () => {
  it('formatPort and parsePort are inverses', () => {
    fc.assert(
      fc.property(port, (value) => {
        const raw = formatPort(value);
        expect(parsePort(raw)).toEqual({ raw, ...value });
      }),
    );
  });
});
