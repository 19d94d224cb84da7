import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { buildObjects } from '../../../src/deployers/kubernetes/objects/build.js';
import { renderObjects } from '../../../src/deployers/kubernetes/objects/render.js';
import { formatProblem } from '../../../src/system/errors.js';
import { objectsInput, type StackText } from '../../support/kubernetes/kubernetes-objects.js';

/** An example stack with something of every kind of object. */
const notes: StackText = {
  pods: {
    notes: `
services:
  web:
    image: cerc/notes:local
    entrypoint: /run.sh
    command: serve --port 8080 --title "My notes"
    environment:
      DB_URL: postgres://u:\${DB_PASSWORD}@db:5432/notes
      ORIGIN: \${ORIGIN:-http://localhost}
      PRICE: 5$$
    ports: [ "31080:8080" ]
    user: "1000"
    depends_on: { db: { condition: service_healthy } }
    secrets: [ session ]
    volumes:
      - ../config/notes/run.sh:/run.sh
      - site-config:/etc/site:ro
    deploy: { resources: { limits: { cpus: "0.5", memory: 256M } } }
  db:
    image: postgres:16
    environment: { POSTGRES_PASSWORD: "\${DB_PASSWORD}" }
    healthcheck: { test: pg_isready, interval: 5s, timeout: 3s, retries: 5 }
    stop_grace_period: 1m
    shm_size: 64m
    volumes: [ "pgdata:/var/lib/postgresql/data" ]
volumes: { pgdata: , site-config: , cache: }
secrets: { session: { file: ./session.key } }
`,
  },
  jobs: {
    seed: 'services: { seed: { image: "cerc/notes:local", command: [ sh, -c, "seed all" ], environment: { DB_PASSWORD: } } }',
  },
  config: { ORIGIN: 'https://notes.example.org', UNMENTIONED: 'yes' },
  generated: { DB_PASSWORD: '0123456789abcdef' },
  configmaps: { 'site-config': { 'site.conf': 'theme = dark\n' } },
  files: { './session.key': 'key\n', '../config/notes/run.sh': '#!/bin/sh\nexec notes "$@"\n' },
  imageIds: { 'cerc/notes:local': 'sha256:abc' },
  registryToken: 'tok',
};

const common = `network:
  ports: { web: [ "31080:8080" ] }
  http-proxy:
    - { host-name: notes.example.org, routes: [ { path: /, proxy-to: "web:8080" } ] }
configmaps: { site-config: }
secrets: { mail-creds: [ PASSWORD ] }
annotations: { "example.org/{name}": x }
labels: { team: blue }
image-pull-secret: { server: ghcr.io, username: me, token-env: TOKEN }
`;

const kind = `${common}kind-mount-root: /srv/kind
volumes: { pgdata: /srv/kind/notes/pg, cache: }
resources: { volumes: { pgdata: { reservations: { storage: 10Gi } } } }
`;

/** A stack of two pod files on a cluster of its own. */
const shop: StackText = {
  pods: {
    front: 'services: { web: { image: "shop/front:local", depends_on: [ db ], environment: { DB: db } } }',
    back: 'services: { db: { image: "shop/db:v3", volumes: [ "data:/data" ] } }\nvolumes: { data: }\n',
  },
  config: { MODE: 'old' },
  environment: 'all',
  target: 'k8s',
};

const cluster = `image-registry: reg.example.org/shop
volumes: { data: /var/lib/shop }
network:
  ingress-class: nginx
  http-proxy:
    - { host-name: shop.example.org, routes: [ { path: /, proxy-to: "web:80" } ] }
    - { host-name: own.example.org, tls-secret: own-cert, routes: [ { path: /, proxy-to: "web:80" } ] }
`;

describe('render prints all objects of a deployment', () => {
  it.each([
    ['notes-kind', { ...notes, spec: kind }],
    ['shop-k8s', { ...shop, spec: cluster }],
  ] as const)('%s', async (name, stack) => {
    const { objects, findings } = buildObjects(objectsInput(stack));
    expect(findings.errors.map(formatProblem)).toEqual([]);
    const text = renderObjects(objects);
    await expect(text).toMatchFileSnapshot(`${name}.yaml`);
    expect(parseAllDocuments(text).map((document) => document.toJS() as unknown)).toEqual(objects);
    expect(renderObjects(buildObjects(objectsInput(stack)).objects)).toBe(text);
  });
});
