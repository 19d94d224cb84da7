import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bindVolume, renderCompose, setServicePorts } from '../../src/compose/document/edit.js';
import { parseComposeFile } from '../../src/compose/document/file.js';
import { parsePort } from '../../src/compose/syntax/ports.js';
import { describeWithEngine } from '../support/engine.js';
import { temporaryDirectory } from '../support/temporary.js';
import { composeConfig, composeRefuses } from './values-support.js';

/** Scalars that two YAML parsers may interpret differently. */
const notations = [
  '',
  '~',
  'null',
  'Null',
  '0440',
  '0o17',
  '0x1F',
  '-0',
  '1.50',
  '1e3',

  '+12',
  '12345678901234567890',
  '1_000',
  '12:30',
  '0b11',
  'yes',
  'On',
  'True',
  'false',
  'a b',
  'a:b',
  'a#b',
  '80:80',
  "''",
  "'it''s'",
  '"a\\tb: \\u00e9"',
  '"true"',
  "'0440'",
  '!!str 12',
  'é',
  '=',
  '- x'.slice(2),
  'http://a/b;c=d&e=f',
  '$$x',
  'a\\b',
  '<<',
  '-1',
  '1.',
  '.5',
  '1e',
  '0xg',
  '08',
];

describeWithEngine('edited compose files, read by Docker Compose', () => {
  const text = `
# everything that is easily lost
x-base: &base
  image: none
  ports: &ports ["80"]
services:
  a: &a
    <<: *base
    configs: [{source: c, mode: 0440}]
    command: >
      folded
      text
    stop_grace_period: 1m30s
    cpus: 1.50
    ulimits: {nofile: 0x400}
    environment: {YES: "yes", N: 012, T: true, E: 1e3, EMPTY: , S: 'it''s', M: "a\\tb"}
  b: *a
  c: {<<: [*base, {tty: true}], ports: *ports}
volumes:
  data: &v {labels: {x: y}}
  other: *v
configs: {c: {content: x}}
`;

  it('differ only where they were edited', async () => {
    const directory = await temporaryDirectory();
    const file = parseComposeFile(text, 'c.yml');
    setServicePorts(file, 'a', ['8080:80', '127.0.0.1:53:53/udp', '90']);
    bindVolume(file, 'data', '/srv/my data: x');
    const before = await composeConfig(directory, text, {});
    const after = await composeConfig(directory, renderCompose(file), {});

    expect(after.services.a?.ports).toEqual([
      { mode: 'ingress', target: 80, published: '8080', protocol: 'tcp' },
      { mode: 'ingress', host_ip: '127.0.0.1', target: 53, published: '53', protocol: 'udp' },
      { mode: 'ingress', target: 90, protocol: 'tcp' },
    ]);
    const driver = { driver: 'local', driver_opts: { type: 'none', device: '/srv/my data: x', o: 'bind' } };
    const { a, ...services } = before.services;
    expect(after).toEqual({
      ...before,
      services: { ...services, a: { ...a, ports: after.services.a?.ports } },
      // A volume that no service mounts is not in the output of docker compose config.
      ...(before.volumes === undefined
        ? {}
        : { volumes: { ...before.volumes, data: expect.objectContaining(driver) as unknown } }),
    });
  });

  it('mean the same to Compose in every notation of YAML', async () => {
    const directory = await temporaryDirectory();
    const { flow } = fc.letrec<{ flow: string }>((tie) => ({
      flow: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(...notations),
        fc
          .array(
            tie('flow').filter((text) => text !== ''),
            { maxLength: 3 },
          )
          .map((items) => `[${items.join(', ')}]`),
        fc
          .array(tie('flow'), { maxLength: 3 })
          .map((items) => `{${items.map((item, index) => `k${index}: ${item}`).join(', ')}}`),
      ),
    }));
    const texts = [...notations, ...fc.sample(flow, { numRuns: 600, seed: 5 })];
    const block = texts.map(
      (text, index) =>
        `x-${index}:\n  in: ${text}\n  list:\n    - ${text}\n  keep: [${text || 'x'}, {last: ${text}}]\n`,
    );
    const whole = `services: {a: {image: none, ports: [80]}}\n${block.join('')}`;
    const file = parseComposeFile(whole, 'c.yml');
    setServicePorts(file, 'a', ['81']);
    const before = await composeConfig(directory, whole, {});
    const after = await composeConfig(directory, renderCompose(file), {});
    expect({ ...after, services: undefined }).toEqual({ ...before, services: undefined });
    expect(Object.keys(before)).toContain(`x-${texts.length - 1}`);
  });

  it('bind the volume that a service mounts', async () => {
    const mounted = 'services: {a: {image: none, volumes: ["data:/x"]}}\nvolumes:\n  data:\n';
    const file = parseComposeFile(mounted, 'c.yml');
    bindVolume(file, 'data', '/srv/x');
    const { volumes } = await composeConfig(await temporaryDirectory(), renderCompose(file), {});
    expect(volumes).toEqual({
      data: { name: 'values_data', driver: 'local', driver_opts: { type: 'none', device: '/srv/x', o: 'bind' } },
    });
  });
});

describeWithEngine('ports as Docker Compose reads them', () => {
  const accepted: unknown[] = [
    '80',
    80,
    '90/udp',
    '91/TCP',
    ':80',
    '8080:81',
    '127.0.0.1:80:80',
    '127.0.0.1::82',
    '[::1]:80:80',
    '[::1]::80/udp',
    '0.0.0.0:0:80',
    { target: 80 },
    { target: 80, published: '8080', protocol: 'udp', host_ip: '127.0.0.1' },
    { target: 80, published: 8080 },
  ];
  it('are parsed equally in every form', async () => {
    const services = Object.fromEntries(accepted.map((port, index) => [`s${index}`, { image: 'none', ports: [port] }]));
    const config = await composeConfig(await temporaryDirectory(), { services }, {});
    for (const [index, form] of accepted.entries()) {
      const [seen] = config.services[`s${index}`]?.ports ?? [];
      const port = parsePort(form);
      expect({ form, target: port?.container, host: port?.host, ip: port?.ip, protocol: port?.protocol }).toEqual({
        form,
        target: String(seen?.target),
        host: seen?.published,
        ip: seen?.host_ip,
        protocol: seen?.protocol,
      });
    }
  });

  it('are invalid for Compose when the program rejects them', async () => {
    const directory = await temporaryDirectory();
    for (const port of [
      '',
      ':',
      '80:',
      'a',
      '1:2:3',
      'localhost:80:80',
      '1.2.3.4:5:80:80',
      '::1:80:80',
      '0',
      '65536',
      '90-80',
      true,
      null,
      {},
    ]) {
      expect(parsePort(port)).toBeUndefined();
      const refused = await composeRefuses(directory, { services: { a: { image: 'none', ports: [port] } } }, {});
      expect({ port, refused }).toEqual({ port, refused: true });
    }
  });
});
