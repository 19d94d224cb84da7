// External stacks of any size, written for the benchmark.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes a stack of one pod with `count` services below `folder`; returns the path for `--stack`. */
export function writeStack(folder, name, services, volumes) {
  const root = join(folder, name, 'stack-orchestrator');
  const stack = join(root, 'stacks', name);
  mkdirSync(stack, { recursive: true });
  mkdirSync(join(root, 'compose'), { recursive: true });
  mkdirSync(join(root, 'config', name), { recursive: true });
  writeFileSync(join(stack, 'stack.yml'), `version: "1.1"\nname: ${name}\npods:\n  - ${name}\n`);
  writeFileSync(join(root, 'config', name, 'app.conf'), 'answer=42\n');
  const volumeSection = volumes.length === 0 ? '' : `volumes:\n${volumes.map((volume) => `  ${volume}:\n`).join('')}`;
  writeFileSync(join(root, 'compose', `docker-compose-${name}.yml`), `services:\n${services.join('')}${volumeSection}`);
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
      PEER: http://service-${(number % count) + 1}:80
    ports:
      - "80"
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
