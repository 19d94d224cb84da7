// External stacks of any size, written for the benchmark.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes a stack of one pod with these services below `folder`; returns the path for `--stack`. */
export function writeStack(folder, name, services, volumes) {
  return writePods(folder, name, new Map([[name, services]]), volumes);
}

/**
 * Writes a stack with these services by pod below `folder`; the first pod has the volumes. Returns the path for
 * `--stack`.
 */
function writePods(folder, name, pods, volumes) {
  const root = join(folder, name, 'stack-orchestrator');
  const stack = join(root, 'stacks', name);
  mkdirSync(stack, { recursive: true });
  mkdirSync(join(root, 'compose'), { recursive: true });
  mkdirSync(join(root, 'config', name), { recursive: true });
  const list = [...pods.keys()].map((pod) => `  - ${pod}\n`).join('');
  writeFileSync(join(stack, 'stack.yml'), `version: "1.1"\nname: ${name}\npods:\n${list}`);
  writeFileSync(join(root, 'config', name, 'app.conf'), 'answer=42\n');
  let volumeSection = volumes.length === 0 ? '' : `volumes:\n${volumes.map((volume) => `  ${volume}:\n`).join('')}`;
  for (const [pod, services] of pods) {
    writeFileSync(
      join(root, 'compose', `docker-compose-${pod}.yml`),
      `services:\n${services.join('')}${volumeSection}`,
    );
    volumeSection = '';
  }
  return stack;
}

/** A stack of `count` services with environment, ports, a config file and a volume each. */
export function writeLargeStack(folder, count) {
  const name = `large-${count}`;
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const services = numbers.map(
    (number) => `  service-${number}:
    image: busybox:1.36
    command: ["sh", "-c", "sleep infinity"]
    environment:
      LEVEL: \${LEVEL:-info}
      NUMBER: "${number}"
      PEER: http://service-${(number % count) + 1}:${8001 + (number % count)}
    ports:
      - "${8000 + number}"
    volumes:
      - data-${number}:/data
      - ../config/${name}/app.conf:/etc/app.conf:ro
`,
  );
  return writeStack(
    folder,
    name,
    services,
    numbers.map((number) => `data-${number}`),
  );
}

/** Five services with healthchecks that answer at once. */
export function writeHealthyStack(folder) {
  const services = [1, 2, 3, 4, 5].map(
    (number) => `  service-${number}:
    image: busybox:1.36
    command: ["sh", "-c", "touch /tmp/ready; exec sleep infinity"]
    stop_grace_period: 0s
    init: true
    healthcheck:
      test: ["CMD", "test", "-f", "/tmp/ready"]
      interval: 500ms
      timeout: 2s
      retries: 20
`,
  );
  return writeStack(folder, 'healthy', services, []);
}

/** Five pods of one service each, ready at once. */
export function writeFivePods(folder) {
  const service = (number) => `  service-${number}:
    image: busybox:1.36
    command: ["sh", "-c", "touch /tmp/ready; exec sleep infinity"]
    stop_grace_period: 0s
    healthcheck:
      test: ["CMD", "test", "-f", "/tmp/ready"]
      interval: 1s
      timeout: 2s
      retries: 20
`;
  return writePods(
    folder,
    'five-pods',
    new Map([1, 2, 3, 4, 5].map((number) => [`pod-${number}`, [service(number)]])),
    [],
  );
}

/**
 * One service with `count` configuration files: on Kubernetes as many ConfigMaps, a Deployment, a Service and a
 * Namespace.
 */
export function writeManyObjects(folder, count) {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const mounts = numbers.map(
    (number) => `      - ../config/many/file-${number}.conf:/etc/many/file-${number}.conf:ro\n`,
  );
  const stack = writeStack(
    folder,
    'many',
    [
      `  service:
    image: busybox:1.36
    command: ["sh", "-c", "exec sleep infinity"]
    stop_grace_period: 0s
    volumes:
${mounts.join('')}`,
    ],
    [],
  );
  for (const number of numbers) {
    writeFileSync(
      join(folder, 'many', 'stack-orchestrator', 'config', 'many', `file-${number}.conf`),
      `number=${number}\n`,
    );
  }
  return stack;
}
