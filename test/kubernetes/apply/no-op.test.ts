import { afterEach, expect, it } from 'vitest';
import { applyObjects } from '../../../src/deployers/kubernetes/apply/apply.js';
import { buildObjects } from '../../../src/deployers/kubernetes/objects/build.js';
import { formatProblem } from '../../../src/system/errors.js';
import { describeWithCluster } from '../../support/kubernetes/cluster.js';
import { objectsInput, type StackText } from '../../support/kubernetes/kubernetes-objects.js';
import { countWrites, type Site, site } from './support.js';

/** Every mapped compose key, in forms that the server stores differently: amounts, empty values, zeros, defaults. */
const everything: StackText = {
  pods: {
    front: `
services:
  init:
    image: example.org/init:1
    labels: { laconic.init-container: "true" }
    command: [ sh, -c, "true" ]
  web:
    image: example.org/web:local
    init: false
    entrypoint: [ /run.sh ]
    command: serve --title "My notes" --empty "" $$HOME
    working_dir: /srv
    environment: { EMPTY: "", ZERO: 0, OFF: "false", PRICE: 5$$, TOKEN: "\${TOKEN}", URL: "x-\${TOKEN}-y", MODE: "\${MODE}" }
    ports: [ "30080:8080", "8081", "53:53/udp" ]
    expose: [ "9000" ]
    user: "0:0"
    group_add: [ "44" ]
    cap_add: [ NET_ADMIN ]
    cap_drop: [ ALL ]
    read_only: true
    privileged: false
    tty: false
    stdin_open: true
    tmpfs: [ "/run:size=64m", /tmp ]
    shm_size: 64m
    extra_hosts: [ "one.example.org:10.0.0.1", "two.example.org:10.0.0.1" ]
    hostname: front
    dns: [ 1.1.1.1 ]
    dns_search: [ example.org ]
    sysctls: { net.ipv4.ip_unprivileged_port_start: "0" }
    stop_grace_period: 1m30s
    healthcheck: { test: [ CMD, "true" ], interval: 500ms, timeout: 3s, retries: 5, start_period: 0s }
    secrets: [ session ]
    configs: [ { source: site, target: /etc/site.conf, mode: 0440 } ]
    volumes:
      - ../config/run.sh:/run.sh
      - ../config/pages:/pages:ro
      - settings:/etc/settings:ro
      - data:/data
      - cache:/cache
      - { type: tmpfs, target: /scratch, tmpfs: { size: 1048576 } }
    deploy: { resources: { limits: { cpus: "1.50", memory: 1024M }, reservations: { cpus: "0.1", memory: 128m } } }
  side:
    image: example.org/side:1
    depends_on: { web: { condition: service_started } }
    restart: always
volumes: { data: , cache: , settings: }
secrets: { session: { file: ./session.key } }
configs: { site: { content: "name = x" } }
`,
    back: `
services:
  db: { image: "example.org/db:v3", network_mode: host, pid: host, volumes: [ "db:/var/lib/db" ] }
volumes: { db: }
`,
  },
  jobs: { seed: 'services: { seed: { image: "example.org/seed:1", environment: { TOKEN: } } }' },
  config: { MODE: 'full' },
  generated: { TOKEN: '0123456789abcdef' },
  configmaps: { settings: { 'a.conf': 'a', 'b.conf': '' } },
  files: {
    './session.key': 'key\n',
    '../config/run.sh': '#!/bin/sh\n',
    '../config/pages': { 'index.html': '<p>', 'empty.html': '' },
  },
  imageIds: { 'example.org/web:local': 'sha256:abc' },
  registryToken: 'tok',
  spec: `kind-mount-root: /srv/kind
volumes: { data: /srv/kind/data, cache: , db: /srv/kind/db }
configmaps: { settings: }
network:
  ports: { web: [ "30080:8080" ] }
  http-proxy:
    - { host-name: notes.example.org, routes: [ { path: /, proxy-to: "web:8080" }, { path: /api, proxy-to: "web:8081" } ] }
    - { host-name: own.example.org, tls-secret: own-cert, routes: [ { path: /, proxy-to: "web:8080" } ] }
resources:
  volumes: { data: { reservations: { storage: 1024Mi } } }
  containers: { side: { reservations: { cpus: 0.250, memory: 0.5Gi } } }
annotations: { "example.org/{name}": "" }
labels: { team: blue }
node-affinities: [ { label: disk, value: ssd } ]
node-tolerations: [ { key: only, value: web } ]
security: { capabilities: [ IPC_LOCK ] }
secrets: { mail-creds: [ PASSWORD ] }
image-pull-secret: { server: ghcr.io, username: me, token-env: TOKEN }
`,
};

describeWithCluster('a start without changes, with every mapped key', () => {
  let at: Site | undefined;
  afterEach(() => at?.remove());

  it('writes nothing, since other spellings of the server are equal', async () => {
    at = await site('notes');
    const { deploymentId: app, namespace, directory } = at.identity;
    const { objects, findings } = buildObjects({
      ...objectsInput(everything),
      deploymentId: app,
      namespace,
      directory,
    });
    expect(findings.errors.map(formatProblem)).toEqual([]);
    const options = { order: [], awaitReady: async () => undefined };
    await applyObjects(at.identity, objects, at.api, options, at.context());
    const { counted, requests } = countWrites(at.api);
    const context = at.context();
    await applyObjects(at.identity, objects, counted, options, context);
    expect(requests).toEqual([]);
    expect(context.output).toEqual({ stdout: `Job ${app}-job-seed already exists, skipping\n`, stderr: '' });
    expect(new Set(objects.map(({ kind }) => kind)).size).toBe(9);
  });
});
