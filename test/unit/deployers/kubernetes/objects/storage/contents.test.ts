import { describe, expect, it } from 'vitest';
import { buildObjects } from '../../../../../../src/deployers/kubernetes/objects/build.js';
import type { KubernetesObject } from '../../../../../../src/deployers/kubernetes/objects/common/object.js';
import { formatProblem } from '../../../../../../src/system/errors.js';
import { app, objectsInput, oneService, type StackText } from '../../../../../support/kubernetes/kubernetes-objects.js';

function made(stack: StackText): {
  of: (kind: string) => Map<string, KubernetesObject>;
  errors: string[];
  text: string;
} {
  const { objects, findings } = buildObjects(objectsInput(stack));
  return {
    of: (kind) =>
      new Map(objects.filter((object) => object.kind === kind).map((object) => [object.metadata.name, object])),
    errors: findings.errors.map(formatProblem),
    text: JSON.stringify(objects),
  };
}

/** The volumes of the pod of the only Deployment. */
const volumesOf = (of: ReturnType<typeof made>['of']): unknown =>
  (of('Deployment').get(`${app}-deployment`)?.spec as { template: { spec: { volumes: unknown } } }).template.spec
    .volumes;

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('ConfigMaps', () => {
  it('of declared configmaps have every file, as bytes', () => {
    const stack: StackText = {
      pods: { web: oneService('volumes: [ "site-config:/etc/site:ro" ]', 'volumes: { site-config: }') },
      spec: 'configmaps: { site-config: }\n',
      configmaps: { 'site-config': { 'a.conf': 'a = 1\n', '.hidden': '' } },
    };
    expect([...made(stack).of('ConfigMap').values()]).toEqual([
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: `${app}-site-config`,
          namespace: 'laconic-notes',
          labels: {
            app,
            'app.kubernetes.io/stack': 'notes',
            'app.kubernetes.io/managed-by': 'laconic-so',
            'laconic.com/deployment-id': app,
            'configmap-label': 'site-config',
          },
        },
        binaryData: { 'a.conf': base64('a = 1\n'), '.hidden': '' },
      },
    ]);
    expect(made({ ...stack, configmaps: {} }).errors).toEqual([
      'spec.yml:3 configmaps.site-config: the deployment directory has no configmaps/site-config: put the files there, or name their folder here',
    ]);
  });

  it('of host paths have a file or the files of a folder, and are shared by several mounts', () => {
    const { of, errors } = made({
      pods: {
        web: oneService('volumes: [ "../config/notes/run.sh:/run.sh", "../config/x:/x:ro", "../config/./x:/y" ]'),
      },
      jobs: { seed: oneService('volumes: [ "../config/notes/run.sh:/again.sh" ]') },
      files: {
        '../config/notes/run.sh': '#!/bin/sh\n',
        '../config/x': { a: '1', b: '2' },
        '../config/./x': { a: '1', b: '2' },
      },
    });
    expect(errors).toEqual([]);
    const configmaps = of('ConfigMap');
    expect([...configmaps.keys()]).toEqual([`${app}-host-path-config-notes-run-sh`, `${app}-host-path-config-x`]);
    expect(configmaps.get(`${app}-host-path-config-notes-run-sh`)).toMatchObject({
      metadata: { labels: { 'configmap-label': 'host-path-config-notes-run-sh' } },
      binaryData: { 'run.sh': base64('#!/bin/sh\n') },
    });
  });

  it('report a missing path once, where it is mounted', () => {
    const { errors } = made({ pods: { web: oneService('volumes: [ "../config/x:/x" ]') } });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^docker-compose-web\.yml:4 services\.web\.volumes\[0\]: "\.\.\/config\/x" is not among/);
  });

  it('have keys for files in folders, and for names that cannot be keys, which the pod puts at their paths', () => {
    const { of, errors } = made({
      pods: { web: oneService('volumes: [ "../x:/x:ro" ]') },
      files: { '../x': { a: '1', 'deep/er/a.b': '2', 'a b': '3' } },
    });
    expect(errors).toEqual([]);
    const name = `${app}-host-path-x`;
    const data = of('ConfigMap').get(name)?.binaryData as Record<string, string>;
    const keys = Object.keys(data);
    expect(keys).toEqual(['a', expect.stringMatching(/^deep-er-a-b-[0-9a-f]{8}$/), expect.stringMatching(/^a-b-/)]);
    expect(Object.values(data)).toEqual(['1', '2', '3'].map(base64));
    const items = ['a', 'deep/er/a.b', 'a b'].map((path, at) => ({ key: keys[at], path }));
    expect(volumesOf(of)).toEqual([{ name: 'host-path-x', configMap: { name, defaultMode: 0o755, items } }]);
  });

  it('are several for more than 1 MiB, which the pod mounts as one folder, up to 16 MiB', () => {
    const stack = (contents: Record<string, string>): StackText => ({
      pods: { web: oneService('volumes: [ "../x:/x:ro" ]') },
      files: { '../x': contents },
    });
    const half = 'x'.repeat(512 * 1024);
    expect([
      ...made(stack({ a: half, b: half }))
        .of('ConfigMap')
        .keys(),
    ]).toEqual([`${app}-host-path-x`]);
    const { of, errors } = made(stack({ a: half, b: `${half}y`, c: half }));
    expect(errors).toEqual([]);
    const names = ['', '-2', '-3'].map((end) => `${app}-host-path-x${end}`);
    expect([...of('ConfigMap').keys()]).toEqual(names);
    expect(volumesOf(of)).toEqual([
      {
        name: 'host-path-x',
        projected: { defaultMode: 0o755, sources: names.map((name) => ({ configMap: { name } })) },
      },
    ]);
    expect(made(stack({ a: `${half}${half}y` })).errors).toEqual([
      'docker-compose-web.yml:4 services.web.volumes[0]: "a" has 1048577 bytes, and a file in a ConfigMap at most 1048576: use a volume with a path, on kind below kind-mount-root',
    ]);
    const many = Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`f${at}`, half]));
    expect(made(stack(many)).errors).toEqual([
      'docker-compose-web.yml:4 services.web.volumes[0]: holds 17301504 bytes, and a folder in ConfigMaps at most 16777216: use a volume with a path, on kind below kind-mount-root',
    ]);
  });
});

describe('secrets and configs in compose files', () => {
  const keys = 'secrets: [ key, mine ]\nconfigs: [ conf ]';
  const top = [
    'secrets: { key: { file: ./key.pem }, mine: { external: true }, unused: { file: ./nowhere } }',
    'configs: { conf: { content: "a=${A}" } }',
  ].join('\n');

  it('become objects with their content, unless they are external or unused', () => {
    const { of, errors } = made({
      pods: { web: oneService(keys, top) },
      files: { './key.pem': 'pem' },
      config: { A: '1' },
    });
    expect(errors).toEqual([]);
    expect([...of('Secret').keys()]).toEqual([`${app}-compose-secret-key`]);
    expect(of('Secret').get(`${app}-compose-secret-key`)).toMatchObject({
      type: 'Opaque',
      data: { content: base64('pem') },
    });
    expect(of('ConfigMap').get(`${app}-compose-config-conf`)?.binaryData).toEqual({ content: base64('a=1') });
  });

  it('take the value of a variable, also of a generated one', () => {
    const variable = 'secrets: { key: { environment: TOKEN } }';
    const stack: StackText = { pods: { web: oneService('secrets: [ key ]', variable) } };
    const secret = made({ ...stack, generated: { TOKEN: 'abc' } })
      .of('Secret')
      .get(`${app}-compose-secret-key`);
    expect(secret?.data).toEqual({ content: base64('abc') });
    expect(made(stack).errors).toEqual([
      'docker-compose-web.yml:5 secrets.key: takes its content from the variable TOKEN, which the config of the spec does not set',
    ]);
  });

  it('are refused with one name and two contents, since on Compose all files are one project', () => {
    const conf = (text: string): string => oneService('configs: [ c ]', `configs: { c: { content: ${text} } }`);
    const { errors } = made({ pods: { a: conf('one'), b: conf('two') } });
    expect(errors).toEqual([
      'docker-compose-b.yml:5 configs.c: has other content in docker-compose-a.yml: give one of the two another name',
    ]);
    expect(made({ pods: { a: conf('one'), b: conf('one') } }).of('ConfigMap').size).toBe(1);
  });
});

describe('Secrets of the deployment', () => {
  it('hold the generated values, which are nowhere else in plain text', () => {
    const value = 'f00dfeedf00dfeed';
    const { of, text } = made({
      pods: { web: oneService('environment: { TOKEN: "${TOKEN}", URL: "http://x:${TOKEN}@y" }') },
      generated: { TOKEN: value },
    });
    expect(of('Secret').get(`${app}-generated-secrets`)).toMatchObject({
      type: 'Opaque',
      data: { TOKEN: base64(value), 'web.web.URL': base64(`http://x:${value}@y`) },
    });
    expect(text).not.toContain(value);
  });

  it('include the registry’s login when there is a token, and pods refer to it only then', () => {
    const stack: StackText = {
      pods: { web: oneService('') },
      spec: 'image-pull-secret: { server: ghcr.io, username: me, token-env: T }\n',
    };
    const without = made(stack);
    expect(without.of('Secret').size).toBe(0);
    expect(without.text).not.toContain('imagePullSecrets');
    const { of } = made({ ...stack, registryToken: 'tok' });
    const secret = of('Secret').get(`${app}-image-pull-secret`) as unknown as {
      type: string;
      data: Record<string, string>;
    };
    expect(secret.type).toBe('kubernetes.io/dockerconfigjson');
    expect(JSON.parse(Buffer.from(secret.data['.dockerconfigjson'] ?? '', 'base64').toString())).toEqual({
      auths: { 'ghcr.io': { username: 'me', password: 'tok', auth: base64('me:tok') } },
    });
    expect(of('Deployment').get(`${app}-deployment`)).toMatchObject({
      spec: { template: { spec: { imagePullSecrets: [{ name: `${app}-image-pull-secret` }] } } },
    });
  });
});
