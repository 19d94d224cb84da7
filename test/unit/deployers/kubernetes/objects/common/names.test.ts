import { describe, expect, it } from 'vitest';
import {
  createNames,
  labelValue,
  namespaceName,
} from '../../../../../../src/deployers/kubernetes/objects/common/names.js';
import { app, objectsInput, oneService } from '../../../../../support/kubernetes/kubernetes-objects.js';

const podFile = oneService('');
const names = createNames(objectsInput({ pods: { web: podFile } }));
const several = createNames(objectsInput({ pods: { web: podFile, back: 'services: { db: { image: db } }' } }));

describe('names of objects', () => {
  it.each([
    [names.deployment('web'), 'laconic-f3abcdxy-deployment'],
    [several.deployment('web'), 'laconic-f3abcdxy-web-deployment'],
    [names.ingressService('web'), 'laconic-f3abcdxy-service'],
    [several.ingressService('back'), 'laconic-f3abcdxy-back-service'],
    [names.nodePort(9000, 'tcp'), 'laconic-f3abcdxy-nodeport-9000-tcp'],
    [names.ingress, 'laconic-f3abcdxy-ingress'],
    [names.job('seed'), 'laconic-f3abcdxy-job-seed'],
    [names.configmap('site-config'), 'laconic-f3abcdxy-site-config'],
    [names.bindConfigmap('../config/notes/run.sh'), 'laconic-f3abcdxy-host-path-config-notes-run-sh'],
    [names.claim('pgdata'), 'laconic-f3abcdxy-pgdata'],
    [names.volume('pgdata'), 'laconic-f3abcdxy-pgdata'],
    [names.generatedSecrets, 'laconic-f3abcdxy-generated-secrets'],
    [names.registrySecret, 'laconic-f3abcdxy-image-pull-secret'],
    [names.tlsSecret('notes.example.org'), 'laconic-f3abcdxy-notes.example.org-tls'],
    [names.headlessService('db'), 'db'],
    [names.container('db'), 'db'],
    [names.podVolume('pgdata'), 'pgdata'],
  ])('are those of existing deployments where they are valid: %s', (name, expected) => {
    expect(name).toBe(expected);
  });
});

describe('names that Kubernetes does not allow', () => {
  const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

  it.each(['my_data', 'Data', 'a'.repeat(70), '_', 'é', 'x.y'])('are made valid and unique: %s in a pod', (text) => {
    expect(names.podVolume(text)).toMatch(label);
    expect(names.container(text)).toMatch(label);
    expect(names.claim(text)).toMatch(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/);
    expect(names.job(text).length).toBeLessThanOrEqual(63);
  });

  it('keep their readable part and end in a hash of the name', () => {
    expect(names.claim('my_data')).toMatch(/^laconic-f3abcdxy-my-data-[0-9a-f]{8}$/);
    expect(names.claim('my_data')).not.toBe(names.claim('my-data'));
    expect(names.podVolume('my_data')).not.toBe(names.podVolume('my.data'));
    expect(names.podVolume('a'.repeat(70))).not.toBe(names.podVolume('a'.repeat(71)));
  });

  it('begin with a letter for a Service, whatever the id begins with', () => {
    const odd = createNames({ ...objectsInput({ pods: { web: podFile } }), deploymentId: '3_x' });
    expect(odd.ingressService('web')).toMatch(/^[a-z][a-z0-9-]+$/);
    expect(odd.ingress).toMatch(label);
  });

  it('of compose services are found by DNS whatever their case, or refused', () => {
    expect(names.headlessService('Web')).toBe('web');
    for (const name of ['my_db', '2nd', 'a.b', 'a'.repeat(64), '-x'])
      expect(names.headlessService(name)).toBeUndefined();
  });

  it('keep the allowed characters in labels', () => {
    expect(labelValue('my_stack.v1')).toBe('my_stack.v1');
    expect(labelValue('')).toBe('');
    for (const text of ['a b', 'x'.repeat(64), '-x']) expect(labelValue(text)).toMatch(label);
  });
});

describe('the name of a path on the host', () => {
  it.each([
    ['../config/test/script.sh', 'host-path-config-test-script-sh'],
    ['../../config/x', 'host-path-config-x'],
    ['./a_b.C', 'host-path-ab-c'],
    ['~/.ssh/id', 'host-path-ssh-id'],
    ['/etc/hosts', 'host-path-etc-hosts'],
  ])('%s', (source, expected) => {
    expect(names.bindVolume(source)).toBe(expected);
    expect(names.bindConfigmap(source)).toBe(`${app}-${expected}`);
  });

  it.each(['/', '.', '..', `../config/${'deep/'.repeat(20)}file`])('is also valid for %s', (source) => {
    expect(names.bindVolume(source)).toMatch(/^host-path-[a-z0-9-]{1,52}[0-9a-f]$/);
    expect(names.bindVolume(source).length).toBeLessThanOrEqual(63);
  });

  it('differs for paths that would be made equal, and the first keeps its name', () => {
    const mounts = 'volumes: [ "../config/x:/a", "../../config/x:/b", "../config/./x:/c", "../config/x_:/d" ]';
    const bound = createNames(objectsInput({ pods: { web: oneService(mounts) } }));
    expect(bound.bindVolume('../config/x')).toBe('host-path-config-x');
    expect(bound.bindVolume('../config/./x')).toBe('host-path-config-x');
    expect(bound.bindVolume('../../config/x')).toMatch(/^host-path-config-x-[0-9a-f]{8}$/);
    expect(bound.bindVolume('../config/x_')).toMatch(/^host-path-config-x-[0-9a-f]{8}$/);
    expect(bound.bindVolume('../config/x_')).not.toBe(bound.bindVolume('../../config/x'));
  });
});

describe('the namespace', () => {
  it.each([
    [undefined, 'notes', 'laconic-notes'],
    ['own', 'notes', 'own'],
    [undefined, '', 'laconic-laconic-f3abcdxy'],
    [undefined, 'my_stack', 'laconic-my-stack'],
    ['', 'x', 'laconic-x'],
  ])('of spec %j and stack %j is %s', (given, stack, expected) => {
    expect(namespaceName(given, stack, app)).toBe(expected);
  });

  it('of a very long stack is truncated and ends in a hash', () => {
    expect(namespaceName(undefined, 's'.repeat(80), app)).toMatch(/^laconic-s{46}-[0-9a-f]{8}$/);
  });
});
