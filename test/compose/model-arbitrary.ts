import fc from 'fast-check';

/** A service as written in a compose file. */
export type WrittenService = Record<string, unknown>;

function longDependency(base: string, seed: number): WrittenService {
  const condition = ['service_started', 'service_healthy', 'service_completed_successfully'][seed % 3];
  return {
    [base]: { condition, ...(seed % 5 === 0 ? { required: false } : {}), ...(seed % 7 === 0 ? { restart: true } : {}) },
  };
}

/** Text of a value: any characters with doubled dollars, sometimes with variables. */
function value(): fc.Arbitrary<string> {
  const literal = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('$', () => '$$'));
  const variable = fc.constantFrom(
    '${SET}',
    '$SET',
    '${NO:-d}',
    '${EMPTY:-e}',
    '${EMPTY-e}',
    '${SET:+o}',
    '${Q}',
    '$$',
    '${NO:-${SET}}',
  );
  return fc.array(fc.oneof(literal, variable), { maxLength: 3 }).map((pieces) => pieces.join(''));
}

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,6}$/);
const dotted = fc.stringMatching(/^[a-z]{1,4}(\.[a-z0-9-]{1,4}){0,2}$/);
const scalar = fc.oneof(value(), fc.integer(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }));

/**
 * A map, or a list of `name=value`, in which some names are alone. It is not empty, because Compose cannot merge two
 * empty ones in `extends`.
 */
function pairs(key: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const item = fc.tuple(key, fc.option(value())).map(([left, right]) => (right === null ? left : `${left}=${right}`));
  return fc.oneof(
    fc.dictionary(key, fc.option(scalar), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
    fc.uniqueArray(item, { minLength: 1, maxLength: 4 }),
  );
}

const port = fc.integer({ min: 1, max: 60000 });
const ip = fc.constantFrom('127.0.0.1', '0.0.0.0', '10.1.2.3', '[::1]', '[2001:db8::2]');
const protocol = fc.constantFrom('', '', '/tcp', '/udp', '/sctp', '/UDP');

const shortPort = fc
  .record({ port, host: port, ip, protocol, form: fc.nat({ max: 7 }), length: fc.nat({ max: 5 }) })
  .map(({ port, host, ip, protocol, form, length }): unknown => {
    const range = `${port}-${port + length}`;
    const forms = [
      port,
      `${port}${protocol}`,
      `${range}${protocol}`,
      `${host}:${port}${protocol}`,
      `${host}-${host + length}:${range}${protocol}`,
      `${host}-${host + length}:${port}${protocol}`,
      `${ip}:${host}:${port}${protocol}`,
      `${ip}::${port}${protocol}`,
    ];
    return forms[form];
  });

const longPort = fc.record(
  {
    target: port,
    published: fc.oneof(
      port,
      port.map(String),
      port.map((first) => `${first}-${first + 2}`),
      fc.constant('${PORT}'),
    ),
    host_ip: fc.constantFrom('127.0.0.1', '::1'),
    protocol: fc.constantFrom('tcp', 'udp'),
    mode: fc.constantFrom('host', 'ingress'),
  },
  { requiredKeys: ['target'] },
);

const target = fc.constantFrom('/a', '/b/c', '/d/', '/e/../f', '/g//h', '/i');
const source = fc.constantFrom('data', 'other', './x', '../y', '/abs', '~/home', './${SET}', '.');
const options = fc.constantFrom('', ':ro', ':rw', ':z', ':ro,Z', ':nocopy', ':rslave,ro', ':cached', ':rw,ro');
const shortMount = fc.oneof(
  fc.tuple(source, target, options).map(([from, to, with_]) => `${from}:${to}${with_}`),
  target,
);
const longMount = fc.oneof(
  fc.record(
    {
      type: fc.constant('volume'),
      source: fc.constantFrom('data', 'other'),
      target,
      read_only: fc.boolean(),
      volume: fc.record({ nocopy: fc.boolean(), subpath: word }, { requiredKeys: [] }),
    },
    { requiredKeys: ['type', 'target'] },
  ),
  fc.record(
    {
      type: fc.constant('bind'),
      source: fc.constantFrom('./x', '/abs'),
      target,
      read_only: fc.constantFrom(true, false, 'true', 'no'),
      bind: fc.record({ propagation: fc.constant('rshared'), selinux: fc.constant('z') }, { requiredKeys: [] }),
    },
    { requiredKeys: ['type', 'source', 'target'] },
  ),
  fc.record(
    { type: fc.constant('tmpfs'), target, tmpfs: fc.record({ size: fc.oneof(fc.nat(), fc.constant('64m')) }) },
    { requiredKeys: ['type', 'target'] },
  ),
);

const duration = fc
  .tuple(fc.nat({ max: 99 }), fc.constantFrom('ms', 's', 'm', 'h', '.5s', 'm1s', '.25m'))
  .map(([amount, unit]) => `${amount}${unit}`);
const size = fc
  .tuple(fc.nat({ max: 999 }), fc.constantFrom('', 'b', 'k', 'kb', 'M', 'MiB', 'gb', ' G', '.5m'))
  .map(([amount, unit]) => `${amount}${unit}`);
const test = fc.oneof(
  value(),
  fc.array(value(), { minLength: 1, maxLength: 3 }).map((words) => ['CMD', ...words]),
  fc.constant(['NONE']),
);

/** Each host has one address, because versions of Compose differ in how they treat several. */
const hosts = fc
  .dictionary(word, fc.constantFrom('10.0.0.1', 'host-gateway', '::1', '[::2]'), {
    minKeys: 1,
    maxKeys: 3,
    noNullPrototype: true,
  })
  .chain((map) =>
    fc.constantFrom<unknown>(
      map,
      Object.entries(map).map(([host, address]) => `${host}=${address}`),
      Object.entries(map).map(([host, address]) => `${host}:${address}`),
    ),
  );

function references(): fc.Arbitrary<unknown> {
  return fc.uniqueArray(
    fc.oneof(
      fc.constantFrom('one', 'two'),
      fc.record(
        {
          source: fc.constantFrom('one', 'two'),
          target: fc.constantFrom('/abs/x', '/abs/y', 'relative'),
          mode: fc.nat({ max: 0o777 }),
          uid: fc.constant('1'),
        },
        { requiredKeys: ['source'] },
      ),
    ),
    { maxLength: 3, selector: (each) => JSON.stringify(each) },
  );
}

function arbitraryKeys(): fc.Arbitrary<WrittenService> {
  const words = fc.uniqueArray(word, { maxLength: 3 });
  const commandText = fc.array(fc.oneof(word, fc.constantFrom('"a b"', "'c $$d'", 'e\\ f', '--x="y z"', '${SET}')), {
    maxLength: 4,
  });
  const command = fc.oneof(
    fc.array(value(), { maxLength: 4 }),
    commandText.map((each) => each.join(' ')),
    fc.constant(null),
  );
  return fc.record(
    {
      command,
      entrypoint: command,
      environment: pairs(name),
      labels: pairs(dotted),
      sysctls: pairs(dotted),
      ports: fc.uniqueArray(fc.oneof(shortPort, longPort), { maxLength: 4, selector: (each) => JSON.stringify(each) }),
      expose: fc.uniqueArray(fc.oneof(port, port.map(String)), { maxLength: 3, selector: String }),
      volumes: fc.uniqueArray(fc.oneof(shortMount, longMount), {
        maxLength: 4,
        selector: (each) => JSON.stringify(each),
      }),
      healthcheck: fc.record(
        {
          test,
          interval: duration,
          timeout: duration,
          start_period: duration,
          retries: fc.nat({ max: 20 }),
          disable: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
      deploy: fc.record(
        {
          replicas: fc.oneof(fc.nat({ max: 9 }), fc.constant('2')),
          mode: fc.constantFrom('replicated', 'global'),
          resources: fc.record(
            {
              limits: fc.record({ cpus: fc.constantFrom('0.5', 1, 1.5), memory: size }, { requiredKeys: [] }),
              reservations: fc.record({ cpus: fc.constantFrom('0.25', 2), memory: size }, { requiredKeys: [] }),
            },
            { requiredKeys: [] },
          ),
        },
        { requiredKeys: [] },
      ),
      extra_hosts: hosts,
      ulimits: fc.dictionary(
        fc.stringMatching(/^[a-z]{2,6}$/),
        fc.oneof(fc.integer({ min: 1, max: 9999 }), fc.record({ soft: fc.nat(), hard: fc.nat() })),
        { maxKeys: 2, noNullPrototype: true },
      ),
      secrets: references(),
      configs: references(),
      user: fc.constantFrom('root', '1000', '1000:1000', '${SET}'),
      working_dir: value(),
      hostname: word,
      cap_add: words,
      cap_drop: words,
      security_opt: words,
      group_add: fc.uniqueArray(fc.oneof(word, fc.nat({ max: 999 })), { maxLength: 3, selector: String }),
      privileged: fc.constantFrom<unknown>(true, false, 'true', 'No', 'on'),
      read_only: fc.boolean(),
      init: fc.boolean(),
      tty: fc.boolean(),
      stdin_open: fc.boolean(),
      tmpfs: fc.oneof(word, words),
      dns: fc.oneof(fc.constant('1.1.1.1'), fc.uniqueArray(fc.constantFrom('1.1.1.1', '8.8.8.8'), { maxLength: 2 })),
      dns_search: fc.oneof(word, words),
      shm_size: fc.oneof(size, fc.integer({ min: 1 })),
      stop_grace_period: duration,
      stop_signal: fc.constantFrom('SIGINT', 'SIGTERM'),
      restart: fc.constantFrom('no', 'always', 'on-failure:3', 'unless-stopped'),
      pull_policy: fc.constantFrom('always', 'never', 'missing', 'if_not_present', 'build'),
      platform: fc.constant('linux/amd64'),
    },
    { requiredKeys: [] },
  );
}

/**
 * Generates a service that Compose accepts. It may extend or depend on the services before it, which are named `s0`,
 * `s1`, …
 */
export const arbitraryService: fc.Arbitrary<(index: number) => WrittenService> = fc
  .record({ keys: arbitraryKeys(), earlier: fc.nat(), extending: fc.nat({ max: 4 }), depending: fc.nat({ max: 3 }) })
  .map(({ keys, earlier, extending, depending }) => (index) => {
    const base = `s${earlier % Math.max(index, 1)}`;
    return {
      image: 'none',
      ...keys,
      ...(index > 0 && extending === 0 ? { extends: earlier % 2 === 0 ? base : { service: base } } : {}),
      ...(index > 0 && depending === 0
        ? { depends_on: earlier % 2 === 0 ? [base] : longDependency(base, earlier) }
        : {}),
    };
  });
