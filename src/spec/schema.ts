import { isIP } from 'node:net';
import * as z from 'zod/mini';
import { nameProblem } from '../system/files/path-names.js';
import { describeValue, list, map, mustBe, section, textCheck } from '../system/yaml/schema.js';
import { didYouMean } from '../system/suggest.js';
import { quote } from '../system/yaml/yaml.js';
import { portProblem } from '../compose/syntax/ports.js';
import { parseCpus, parseMemory } from './units.js';

/** The targets a spec may name. */
export const deployTargets = ['compose', 'k8s-kind', 'k8s'] as const;
export type DeployTarget = (typeof deployTargets)[number];

/** Optional text: null and a missing key mean the same. */
const optionalText = (what: string) => z.nullish(z.string(mustBe(what)));

/** Required, non-empty text. */
const text = (what: string) => z.string(mustBe(what)).check(z.minLength(1, mustBe(what)));

/** A number, a boolean or text: read as text, as it is written. */
const scalar = (what: string) => z.union([z.string(), z.number(), z.boolean()], mustBe(what));

/** True or false, also as text in any case, which the Python program accepted for `security`. */
const flag = z.nullish(
  z.pipe(
    z.union(
      [z.boolean(), z.string().check(z.regex(/^(true|false)$/i, mustBe('true or false')))],
      mustBe('true or false'),
    ),
    z.transform((value) => String(value).toLowerCase() === 'true'),
  ),
);

/** The characters that Compose allows in volume names; `.` and `..` would be other folders. */
const volumeName = z.string().check(
  textCheck((name) => {
    if (/^[A-Za-z0-9._-]+$/.test(name) && name !== '.' && name !== '..') return undefined;
    return `${quote(name)} is not a volume name: letters, digits, ".", "_" and "-" are allowed`;
  }),
);

/** A configmap's name is also a folder name. */
const configmapName = z.string().check(textCheck(nameProblem));

const noNull = (value: string): string | undefined =>
  value.includes('\0') ? 'holds a NUL character, which no path can' : undefined;

const pathOrNothing = z.nullish(z.string(mustBe('a path, or nothing')).check(textCheck(noNull)));

/** A value whose text is what counts. */
const asText = (type: z.ZodMiniType) => z.pipe(type, z.transform(String));

const port = asText(z.union([z.string(), z.number()], mustBe('a port such as "8080:80"'))).check(
  textCheck(portProblem),
);

const sized = (parse: (value: string) => bigint | undefined, what: string) =>
  asText(scalar(what)).check(
    textCheck((value) => (parse(value) === undefined ? `must be ${what}, found ${quote(value)}` : undefined)),
  );

const cpus = sized(parseCpus, 'a number of CPUs such as 0.5 or 500m');
const bytes = sized(parseMemory, 'a size such as 512M, 512Mi or 2Gi');

const containerAmounts = section({ cpus: z.nullish(cpus), memory: z.nullish(bytes) }, 'a map with cpus and memory');
const volumeAmounts = section({ storage: z.nullish(bytes) }, 'a map with storage');

/** `limits` and `reservations` for all, and the same keys under the name of a single one. */
function resourceSection<T extends z.ZodMiniType>(amounts: T, what: string) {
  const shape = { limits: amounts, reservations: amounts };
  const one = z.object(shape, mustBe('a map with limits and reservations'));
  return z.nullish(z.catchall(z.object(shape, mustBe(what)), one));
}

/** `service:port`. */
const serviceAndPort = text('service:port, such as web:80').check(
  textCheck((value) => {
    const match = /^[A-Za-z0-9._-]+:(\d{1,5})$/.exec(value);
    return match && Number(match[1]) >= 1 && Number(match[1]) <= 65535
      ? undefined
      : `must be service:port, such as web:80, found ${quote(value)}`;
  }),
);

const portNumber = z
  .int(mustBe('a port number'))
  .check(z.minimum(1, mustBe('a port number')), z.maximum(65535, mustBe('a port number')));

/** Optional text; unless it is empty, it must fit. `rule` says what fits, if that is more than what it is. */
const fittingText = (what: string, fits: (value: string) => boolean, rule = what) =>
  z.nullish(
    z
      .string(mustBe(what))
      .check(
        textCheck((value) => (value === '' || fits(value) ? undefined : `must be ${rule}, found ${quote(value)}`)),
      ),
  );

const dnsLabel = (what: string) =>
  fittingText(
    what,
    (value) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value),
    `${what} of at most 63 lower-case letters, digits and "-"`,
  );

/** A valid name of a Kubernetes object. */
const objectName = (what: string) =>
  fittingText(
    what,
    (value) => value.length <= 253 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(value),
    `${what}: lower-case letters, digits, "-" and "."`,
  );

const absolutePath = fittingText('an absolute path', (value) => value.startsWith('/'));

const listenAddress = fittingText('an IP address of this host such as 127.0.0.1', (value) => isIP(value) !== 0);

const address = z.string().check(textCheck((value) => (isIP(value) === 0 ? 'must be an IP address' : undefined)));

const externalService = z
  .object(
    {
      host: fittingText('a host name', (value) => isIP(value) === 0, 'a host name (write ip for an address)'),
      ip: z.nullish(
        z.union(
          [address, z.array(address).check(z.minLength(1))],
          mustBe('an IP address or a list of them (write host for a name)'),
        ),
      ),
      selector: map(scalar('text'), 'labels to text'),
      namespace: dnsLabel('a namespace'),
      port: z.nullish(portNumber),
    },
    mustBe('a map with host, ip, or selector and namespace'),
  )
  .check(
    z.refine((service) => service.host ?? service.ip ?? (service.selector && service.namespace), {
      error: 'needs host, ip, or selector and namespace',
    }),
  );

/** A Kubernetes toleration, with the checks of the API server. */
const toleration = z
  .object(
    {
      key: optionalText('the key of a taint'),
      operator: z.nullish(z.enum(['Equal', 'Exists'], mustBe('Equal or Exists'))),
      value: z.nullish(scalar('text')),
      effect: z.nullish(
        z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'], mustBe('NoSchedule, PreferNoSchedule or NoExecute')),
      ),
      tolerationSeconds: z.nullish(z.int(mustBe('a whole number of seconds'))),
    },
    mustBe('a toleration such as {key: dedicated, operator: Exists}'),
  )
  .check(({ value: { key, operator, value, effect, tolerationSeconds }, issues }) => {
    const refuse = (message: string, ...path: string[]): void => {
      issues.push({ code: 'custom', message, path, input: value });
    };
    const hasValue = value !== undefined && value !== null;
    if (operator === 'Exists') {
      if (hasValue && value !== '')
        refuse('operator Exists means any value: remove value, or write operator: Equal', 'value');
    } else if (!key) refuse('has no key: write key, or operator: Exists without a value for every taint');
    else if (!hasValue) refuse('has no value: write value, or operator: Exists for any value');
    if (typeof tolerationSeconds === 'number' && effect !== 'NoExecute') {
      refuse('is only for effect: NoExecute, which makes running pods leave', 'tolerationSeconds');
    }
  });

const imagePullSecret = section(
  {
    server: text('the host of a registry'),
    username: text('a user name'),
    'token-env': optionalText('the name of an environment variable'),
    'token-file': optionalText('a path'),
  },
  'a map with server, username and token-env or token-file',
).check(
  z.refine((secret) => !secret || Boolean(secret['token-env']) || Boolean(secret['token-file']), {
    error: 'needs token-env or token-file beside server and username',
  }),
);

const httpProxy = z
  .object(
    {
      'host-name': text('a host name'),
      routes: z.array(
        z.object(
          { path: text('a path such as /'), 'proxy-to': serviceAndPort },
          mustBe('a map with path and proxy-to'),
        ),
        mustBe('a list of maps with path and proxy-to'),
      ),
      'tls-secret': objectName('the name of a TLS secret'),
      issuer: objectName('the name of a ClusterIssuer'),
      tls: flag,
    },
    mustBe('a map with host-name and routes'),
  )
  .check(({ value, issues }) => {
    const named = (['tls-secret', 'issuer'] as const).find((key) => value[key]);
    if (value.tls !== false || named === undefined) return;
    const message = `is false, so ${named} has no effect: remove one of them`;
    issues.push({ code: 'custom', message, path: ['tls'], input: value });
  });

const network = section(
  {
    ports: map(list(port, 'ports'), 'services to lists of ports'),
    'http-proxy': list(httpProxy, 'maps with host-name and routes'),
    'acme-email': optionalText('an e-mail address'),
    'ingress-class': objectName('the name of an ingress class'),
  },
  'a map with ports, http-proxy, acme-email and ingress-class',
);

/** Unlike other errors, this one does not show text: it may be a secret. */
const configError = {
  error: ({ input }: { input?: unknown }) =>
    `must be a map of names to values, found ${typeof input === 'string' ? 'text' : describeValue(input)}`,
};

const deployTo = z
  .string(mustBe(`one of ${deployTargets.join(', ')}`))
  .check(
    textCheck((value) =>
      (deployTargets as readonly string[]).includes(value)
        ? undefined
        : `must be one of ${deployTargets.join(', ')}, found ${quote(value)}${didYouMean(value, deployTargets)}`,
    ),
  );

/** `spec.yml` as it is written. The values of `config` are checked where they are read as text. */
export const specShape = z.object(
  {
    stack: text('the name or path of a stack'),
    'deploy-to': deployTo,
    config: z.nullish(z.record(z.string(), z.unknown(), configError)),
    'credentials-files': list(text('a path').check(textCheck(noNull)), 'paths'),
    volumes: map(pathOrNothing, 'volumes to paths', volumeName),
    configmaps: map(pathOrNothing, 'volumes to paths', configmapName),
    network,
    secrets: z.nullish(
      z.union([z.array(z.string()), z.record(z.string(), z.unknown())], mustBe('a map or list of secret names')),
    ),
    resources: section(
      {
        containers: resourceSection(containerAmounts, 'a map with limits, reservations or container names'),
        volumes: resourceSection(volumeAmounts, 'a map with limits, reservations or volume names'),
      },
      'a map with containers and volumes',
    ),
    security: section(
      {
        privileged: flag,
        capabilities: list(text('the name of a capability'), 'capabilities'),
        'unlimited-memlock': flag,
        'runtime-class': optionalText('the name of a runtime class'),
      },
      'a map with privileged, capabilities, unlimited-memlock and runtime-class',
    ),
    annotations: map(scalar('text'), 'annotations to text'),
    labels: map(scalar('text'), 'labels to text'),
    pods: z.nullish(z.literal('per-service', mustBe('per-service, or absent for a pod per compose file'))),
    replicas: z.nullish(z.int(mustBe('a whole number')).check(z.minimum(0, mustBe('0 or more')))),
    'node-affinities': list(
      z.object({ label: text('a node label'), value: scalar('text') }, mustBe('a map with label and value')),
      'maps with label and value',
    ),
    'node-tolerations': list(toleration, 'tolerations'),
    'kube-config': optionalText('a path'),
    'image-registry': optionalText('a registry address'),
    'image-pull-secret': imagePullSecret,
    'image-pull-policy': z.nullish(
      z.enum(['Always', 'IfNotPresent', 'Never'], mustBe('Always, IfNotPresent or Never')),
    ),
    'image-overrides': map(text('an image'), 'containers to images'),
    namespace: dnsLabel('a namespace'),
    'kind-cluster-name': dnsLabel('a cluster name'),
    'kind-node-image': optionalText('an image'),
    'kind-listen-address': listenAddress,
    'kind-http-port': z.nullish(portNumber),
    'kind-https-port': z.nullish(portNumber),
    'kind-mount-root': absolutePath,
    'caddy-ingress-image': optionalText('an image'),
    'maintenance-service': z.nullish(serviceAndPort),
    'external-services': map(externalService, 'names to services'),
    'ca-certificates': list(text('a path').check(textCheck(noNull)), 'paths'),
  },
  mustBe('a map of keys such as stack and deploy-to'),
);

/** A spec of valid shape, with keys as written. */
export type SpecShape = z.output<typeof specShape>;
