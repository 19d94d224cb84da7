import { describe, expect, it } from 'vitest';
import { parseModel } from '../../../../../src/deployers/compose/cli/project-model.js';
import type { ObservedContainer } from '../../../../../src/deployers/compose/resources/observe.js';
import { callsOf, planStart, type PlanInput } from '../../../../../src/deployers/compose/start/plan-recreation.js';
import { reasonText } from '../../../../../src/deployers/compose/start/plan-text.js';
import { parseStarted, type StartedRecord } from '../../../../../src/deployers/compose/project/start-record.js';

const services = {
  web: { image: 'web:1', ports: [{ published: '80' }], depends_on: { db: { condition: 'service_healthy' } } },
  db: { image: 'db:1' },
  side: { image: 'side:1', depends_on: { web: { condition: 'service_started', restart: true } } },
  migrate: { image: 'web:1' },
};
const modelOf = (changed: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  parseModel(JSON.stringify({ services: { ...services, ...changed }, ...more }), { name: 'p', env: {} });

interface Looks {
  status?: string;
  exitCode?: number;
  policy?: string;
  health?: string[];
  imageId?: string;
  hash?: string;
  finishedAt?: string;
}

function container(service: string, looks: Looks = {}): ObservedContainer {
  const state = {
    Status: looks.status ?? 'running',
    ExitCode: looks.exitCode ?? 0,
    OOMKilled: false,
    Error: '',
    FinishedAt: looks.finishedAt ?? 'noon',
  };
  return {
    container: {
      id: `id-${service}`,
      service,
      imageId: looks.imageId ?? `sha-${service}`,
      labels: { 'com.docker.compose.config-hash': looks.hash ?? `hash-${service}` },
    },
    details: {
      State: state,
      RestartCount: 0,
      HostConfig: { RestartPolicy: { Name: looks.policy ?? 'no' } },
      Config: { Healthcheck: looks.health === undefined ? undefined : { Test: looks.health } },
    },
  } as unknown as ObservedContainer;
}

const running = ['web', 'db', 'side'].map((name) => container(name));
const completed = container('migrate', { status: 'exited' });

/** The record of a start of all services that saw the one-shot end. */
function recordOf(model: ReturnType<typeof modelOf>): StartedRecord {
  const services = [...model.services.values()].map(({ name, fingerprint, parts }) => [
    name,
    {
      containers: [`id-${name}`],
      fingerprint,
      parts,
      contents: { '/etc/a.conf': 'old' },
      ...(name === 'migrate' ? { ended: { 'id-migrate': 'noon' } } : {}),
    },
  ]);
  return { networksAndVolumes: model.fingerprint, services: Object.fromEntries(services) as StartedRecord['services'] };
}

function input(changes: Partial<PlanInput> = {}): PlanInput {
  const model = modelOf();
  const record = recordOf(model);
  return {
    model,
    selected: new Set(model.services.keys()),
    named: new Set(),
    moved: new Map(),
    containers: [...running, completed],
    imageIds: new Map(),
    record,
    hashes: new Map(),
    contents: new Map(),
    ...changes,
  };
}

const reasons = (changes?: Partial<PlanInput>): Record<string, string> =>
  Object.fromEntries([...planStart(input(changes)).steps].map(([name, { why }]) => [name, reasonText(why)]));
const actions = (changes?: Partial<PlanInput>): Record<string, string> =>
  Object.fromEntries([...planStart(input(changes)).steps].map(([name, { action }]) => [name, action]));
const replaced = (one: ObservedContainer): ObservedContainer[] =>
  [...running, completed].map((other) => (other.container.service === one.container.service ? one : other));

const runs = 'same';
const done = 'done';

describe('the plan of a start', () => {
  it('is empty when everything runs as recorded, completed one-shots included', () => {
    expect(planStart(input())).toEqual({
      steps: new Map(),
      kept: new Map(Object.keys(services).map((name) => [name, name === 'migrate' ? done : runs])),
    });
    const changed = planStart(input({ containers: running.filter(({ container }) => container.service !== 'db') }));
    expect(changed.kept.get('db')).toBeUndefined();
    expect(changed.kept.get('side')).toBe(runs);
  });

  it('keeps an unrecorded container whose Compose hash is unchanged', () => {
    const hashes = new Map(Object.keys(services).map((name) => [name, `hash-${name}`]));
    const containers = running;
    const selected = new Set(['web', 'db', 'side']);
    expect(reasons({ record: undefined, hashes, containers, selected })).toEqual({});
    expect(reasons({ record: undefined, hashes: new Map(hashes).set('db', 'other'), containers, selected })).toEqual({
      db: 'its configuration changed',
    });
  });

  it('ignores a record of other containers', () => {
    const { record } = input();
    const db = record?.services.db;
    if (record === undefined || db === undefined) throw new Error('no record');
    const other = { ...record, services: { ...record.services, db: { ...db, containers: ['id-of-before'] } } };
    expect(reasons({ record: other })).toEqual({ db: 'its configuration changed' });
  });

  it('names what changed, and what has to follow it', () => {
    expect(reasons({ model: modelOf({ web: { ...services.web, command: ['x'] } }) })).toEqual({
      web: 'its configuration changed (command)',
      side: 'it follows web',
    });
  });

  it.each([
    ['missing', running.filter((one) => one.container.service !== 'db'), 'it has no container'],
    ['one of two replicas', [...running, container('db')], 'it has 2 of 1 containers'],
    [
      'stopped with a non-zero code',
      replaced(container('db', { status: 'exited', exitCode: 137 })),
      'its container is exited',
    ],
    ['never started', replaced(container('db', { status: 'created' })), 'its container is created'],
    [
      'stopped cleanly, with a restart policy',
      replaced(container('db', { status: 'exited', policy: 'always' })),
      'its container is exited',
    ],
    [
      'stopped cleanly, with a healthcheck',
      replaced(container('db', { status: 'exited', health: ['CMD', 'x'] })),
      'its container is exited',
    ],
  ])('starts a service whose container is %s', (_, containers, reason) => {
    expect(reasons({ containers: [...containers, completed] }).db).toBe(reason);
  });

  it.each(['web', 'db', 'side'])('starts %s, which exited with 0 but was never seen to complete', (name) => {
    expect(reasons({ containers: replaced(container(name, { status: 'exited' })) })).toHaveProperty(name);
  });

  it('runs a one-shot again when it ended after the recorded start', () => {
    const again = { migrate: 'its container is exited' };
    expect(reasons({ containers: replaced(container('migrate', { status: 'exited', finishedAt: 'one' })) })).toEqual(
      again,
    );
    const withoutEnds = (key: string, value: unknown): unknown => (key === 'ended' ? undefined : value);
    const old = parseStarted(JSON.stringify({ version: 1, ...input().record }, withoutEnds));
    expect(reasons({ record: old })).toEqual(again);
  });

  it('runs a completed one-shot again only when it is selected or changed', () => {
    expect(reasons({ named: new Set(['migrate']) })).toEqual({ migrate: 'its container is exited' });
    expect(reasons({ model: modelOf({ migrate: { image: 'web:2' } }) })).toEqual({
      migrate: 'its configuration changed (image)',
    });
  });

  it('treats a service as a one-shot when others wait for its completion, even with a healthcheck', () => {
    const model = modelOf({
      db: { ...services.db, depends_on: { migrate: { condition: 'service_completed_successfully' } } },
    });
    const finished = container('migrate', { status: 'exited', health: ['CMD', 'x'] });
    expect(reasons({ model, record: recordOf(model), containers: [...running, finished] })).toEqual({});
  });

  it('recreates a container whose image was rebuilt under the same name', () => {
    expect(reasons({ imageIds: new Map([['db:1', 'sha-db']]) })).toEqual({});
    expect(reasons({ imageIds: new Map([['db:1', 'sha-newer']]) })).toEqual({ db: 'its image db:1 was rebuilt' });
  });

  it('checks every running service when the definition of a network or volume changed', () => {
    const model = modelOf({}, { networks: { default: { driver: 'bridge' } } });
    expect(Object.keys(reasons({ model })).sort()).toEqual(['db', 'side', 'web']);
  });

  it('checks only the users of the changed network when the record says which one changed', () => {
    const withNetworks = (driver: string) =>
      modelOf(
        { db: { ...services.db, networks: { own: null } } },
        { networks: { own: { driver }, other: { driver: 'bridge' } } },
      );
    const before = withNetworks('bridge');
    const record = { ...recordOf(before), shared: before.shared };
    expect(reasons({ model: withNetworks('overlay'), record })).toEqual({ db: 'networks or volumes changed' });
  });

  it('recreates containers that hold the old content of a file', () => {
    const contents = new Map<string, Record<string, string>>([
      ['db', { '/etc/a.conf': 'new', '/etc/never-recorded.conf': 'x' }],
      ['web', { '/etc/a.conf': 'old' }],
    ]);
    const plan = planStart(input({ contents }));
    expect([...plan.steps]).toEqual([
      ['db', { action: 'recreate', why: { kind: 'contents', changed: ['/etc/a.conf'] }, by: 'force' }],
    ]);
    expect(callsOf(plan)).toEqual([{ names: ['db'], recreate: true }]);
  });

  it.each<[what: string, changes: Partial<PlanInput>, actions: Record<string, string>]>([
    [
      'a missing container',
      { containers: [running[1], running[2], completed].filter((one) => one !== undefined) },
      { web: 'create', side: 'check' },
    ],
    [
      'a changed definition',
      { model: modelOf({ web: { ...services.web, command: ['x'] } }) },
      { web: 'recreate', side: 'recreate' },
    ],
    [
      'a definition that cannot be compared',
      { model: modelOf({ db: { ...services.db, pull_policy: 'missing' } }) },
      { db: 'check' },
    ],
    [
      'more replicas',
      { model: modelOf({ db: { ...services.db, scale: 2, deploy: { replicas: 2 } } }) },
      { db: 'scale' },
    ],
    [
      'a stopped container',
      { containers: replaced(container('web', { status: 'exited', exitCode: 1 })) },
      { web: 'start', side: 'check' },
    ],
    [
      'a volume that moves',
      { containers: [...running.slice(1), completed], moved: new Map([['web', 'p_data']]) },
      { web: 'recreate', side: 'recreate' },
    ],
  ])('has the action of a service with %s', (_, changes, expected) => {
    expect(actions(changes)).toEqual(expected);
  });

  it('recreates a service that shares a namespace with a container that is created or recreated', () => {
    const side = { ...services.side, network_mode: 'service:web' };
    const model = modelOf({ side, web: { ...services.web, command: ['x'] } });
    expect(actions({ model, record: recordOf(modelOf({ side })) })).toEqual({ web: 'recreate', side: 'recreate' });
  });

  it('runs a one-shot again before its dependents, without naming it to Compose', () => {
    const needing = (command: string) => ({
      web: { image: 'web:1', command, depends_on: { migrate: { condition: 'service_completed_successfully' } } },
    });
    const plan = planStart(input({ model: modelOf(needing('new')), record: recordOf(modelOf(needing('old'))) }));
    expect(plan.steps.get('migrate')).toEqual({
      action: 'start',
      why: { kind: 'needed', service: 'web' },
      by: 'dependency',
    });
    expect(callsOf(plan)[0]?.names).toEqual(['web', 'side']);
  });

  it('reports a change without details when the record is of an earlier version', () => {
    const withoutParts = (key: string, value: unknown): unknown => (key === 'parts' ? undefined : value);
    const record = parseStarted(JSON.stringify({ version: 1, ...input().record }, withoutParts));
    expect(reasons({ record, model: modelOf({ db: { image: 'db:2' } }) })).toEqual({ db: 'its configuration changed' });
  });

  it('covers only the selected services', () => {
    expect(reasons({ containers: [], selected: new Set(['db']) })).toEqual({ db: 'it has no container' });
  });
});
