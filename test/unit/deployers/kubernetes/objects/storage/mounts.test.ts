import { describe, expect, it } from 'vitest';
import {
  app,
  containerOf,
  findingsOf,
  type PodSpec,
  podOf,
  workloads,
} from '../../../../../support/kubernetes/kubernetes-objects.js';

const config = { configMap: { name: `${app}-site-config`, defaultMode: 493 } };

describe('volumes and mounts', () => {
  const pods = {
    web: `
services:
  web:
    image: x
    volumes:
      - data:/data
      - site-config:/etc/site:ro
      - ../config/web/run.sh:/run.sh
      - ../config/web/conf:/conf:ro,z
      - { type: volume, source: data, target: /part, volume: { subpath: a/b } }
  db:
    image: x
    volumes: [ "data:/var/lib", "../config/web/run.sh:/other.sh" ]
volumes: { data: , site-config: , unused: }
`,
  };
  const made = podOf({
    pods,
    spec: 'volumes: { data: ./data }\nconfigmaps: { site-config: }\n',
    configmaps: { 'site-config': { 'a.conf': 'a' } },
    files: { '../config/web/run.sh': '#!/bin/sh\n', '../config/web/conf': { 'x.conf': 'x' } },
  });

  it('mounts claims, declared configmaps, and files of the host as ConfigMaps, a single file as that file', () => {
    expect(made.containers.map(({ volumeMounts }) => volumeMounts)).toEqual([
      [
        { name: 'data', mountPath: '/data' },
        { name: 'site-config', mountPath: '/etc/site', readOnly: true },
        { name: 'host-path-config-web-run-sh', mountPath: '/run.sh', subPath: 'run.sh' },
        { name: 'host-path-config-web-conf', mountPath: '/conf', readOnly: true },
        { name: 'data', mountPath: '/part', subPath: 'a/b' },
      ],
      [
        { name: 'data', mountPath: '/var/lib' },
        { name: 'host-path-config-web-run-sh', mountPath: '/other.sh', subPath: 'run.sh' },
      ],
    ]);
  });

  it('lists each volume once in the pod', () => {
    expect(made.volumes).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: `${app}-data` } },
      { name: 'site-config', ...config },
      {
        name: 'host-path-config-web-run-sh',
        configMap: { name: `${app}-host-path-config-web-run-sh`, defaultMode: 493 },
      },
      { name: 'host-path-config-web-conf', configMap: { name: `${app}-host-path-config-web-conf`, defaultMode: 493 } },
    ]);
  });

  it('makes names valid that Kubernetes does not accept', () => {
    const pod = podOf({
      pods: {
        web: 'services:\n  a_b: { image: x, volumes: [ "My_Data:/d" ] }\n  x: { image: x }\nvolumes: { My_Data: }\n',
      },
    });
    const [volume] = pod.volumes as { name: string }[];
    expect(volume?.name).toMatch(/^my-data-[0-9a-f]{8}$/);
    expect(pod.containers.map(({ name }) => name)).toEqual([expect.stringMatching(/^a-b-[0-9a-f]{8}$/), 'x']);
    expect(pod.containers[0]?.volumeMounts).toEqual([{ name: volume?.name, mountPath: '/d' }]);
  });
});

describe('volumes in memory', () => {
  it('are emptyDirs with a size for tmpfs, in short and long form, and for shm_size', () => {
    const pod = podOf({
      pods: {
        web: `
services:
  web:
    image: x
    tmpfs: [ "/run:size=64m,mode=1777,noexec", /tmp ]
    shm_size: 1gb
    volumes: [ { type: tmpfs, target: /cache, tmpfs: { size: 1048576 } } ]
`,
      },
    });
    expect(pod.containers[0]?.volumeMounts).toEqual([
      { name: 'tmpfs-web', mountPath: '/cache' },
      { name: 'tmpfs-web-2', mountPath: '/run' },
      { name: 'tmpfs-web-3', mountPath: '/tmp' },
      { name: 'shm-web', mountPath: '/dev/shm' },
    ]);
    expect(volumesOf(pod)).toEqual({
      'tmpfs-web': { emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
      'tmpfs-web-2': { emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } },
      'tmpfs-web-3': { emptyDir: { medium: 'Memory' } },
      'shm-web': { emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
    });
  });

  it('are warned about with the mode as written, when it is not readable and writable by everybody', () => {
    const warnings = (mode: string): string[] =>
      findingsOf(`volumes: [ { type: tmpfs, target: /t, tmpfs: { mode: ${mode} } } ]`).warnings;
    expect(warnings('01777')).toEqual([]);
    expect(warnings('0o1770')).toEqual([expect.stringContaining('mode=01770: Kubernetes has no such option')]);
  });

  it('use an explicit mount at /dev/shm instead of shm_size', () => {
    expect(containerOf('tmpfs: /dev/shm\nshm_size: 1gb').volumeMounts).toEqual([
      { name: 'tmpfs-web', mountPath: '/dev/shm' },
    ]);
  });
});

describe('secrets and configs of the compose file', () => {
  it('are single files with their mode, from the objects that hold them, or from objects of the cluster when external', () => {
    const pod = podOf({
      pods: {
        web: `
services:
  web:
    image: x
    secrets: [ db, { source: db, target: /etc/db, mode: 0400 }, theirs ]
    configs: [ { source: app, target: /etc/app.conf } ]
secrets: { db: { file: ./db.txt }, theirs: { external: true, name: their-secret } }
configs: { app: { content: hello } }
`,
      },
      files: { './db.txt': 'pw' },
    });
    expect(pod.containers[0]?.volumeMounts).toEqual([
      { name: 'secret-db', mountPath: '/run/secrets/db', subPath: 'content', readOnly: true },
      { name: 'secret-db-2', mountPath: '/etc/db', subPath: 'content', readOnly: true },
      { name: 'secret-theirs', mountPath: '/run/secrets/theirs', subPath: 'content', readOnly: true },
      { name: 'config-app', mountPath: '/etc/app.conf', subPath: 'content', readOnly: true },
    ]);
    const items = [{ key: 'content', path: 'content' }];
    expect(volumesOf(pod)).toEqual({
      'secret-db': { secret: { secretName: `${app}-compose-secret-db`, items, defaultMode: 0o444 } },
      'secret-db-2': { secret: { secretName: `${app}-compose-secret-db`, items, defaultMode: 0o400 } },
      'secret-theirs': {
        secret: { secretName: 'their-secret', items: [{ key: 'theirs', path: 'content' }], defaultMode: 0o444 },
      },
      'config-app': { configMap: { name: `${app}-compose-config-app`, items, defaultMode: 0o444 } },
    });
  });
});

describe('mounts that are not possible', () => {
  it.each([
    ['volumes: [ ./missing:/x ]', /volumes\[0\]: "\.\/missing" is not among the files of the deployment/],
    ['volumes: [ "./f:/x:rw" ]', /volumes\[0\]: "\.\/f" is copied into a ConfigMap, which is read-only.*leave rw out/],
    ['volumes: [ /var/run/docker.sock:/s ]', /"\/var\/run\/docker\.sock" is not among the files/],
    ['tmpfs: [ /a, "/a:size=1m" ]', /tmpfs\[1\]: the path \/a in the container is mounted twice/],
    ['secrets: [ { source: s, mode: 04755 } ]', /secrets\[0\]: the mode 04755 is more than Kubernetes takes/],
    ['tmpfs: "/a:size=lots"', /tmpfs\[0\]: "lots" is not a size/],
  ])('are refused by file and line: %j', (keys, message) => {
    const [error = '', ...more] = findingsOf(keys, {
      files: { './f': 'x' },
      top: 'secrets: { s: { file: ./f } }',
    }).errors;
    expect(error).toMatch(message);
    expect(error).toMatch(/^docker-compose-web\.yml:4 /);
    expect(more).toEqual([]);
  });

  it('are warned about when the volume is anonymous and ends with the pod, or an option has no effect', () => {
    expect(findingsOf('volumes: [ /cache ]').warnings).toEqual([
      expect.stringContaining('volumes[0]: a volume without a name lives only as long as its pod'),
    ]);
    const secret = findingsOf('configs: [ c ]', {
      top: 'configs: { c: { content: "pw ${PW}" } }',
      generated: { PW: 'f00dfeed' },
    });
    expect(secret.warnings).toEqual([
      expect.stringMatching(/configs\.c: the ConfigMap \S+ holds, at binaryData\.content, the generated secret PW/),
    ]);
    expect(findingsOf('tmpfs: "/a:uid=5"').warnings).toEqual([
      expect.stringContaining('uid=5: Kubernetes has no such option'),
    ]);
  });

  it('do not include one volume in two services of a pod', () => {
    const { errors } = workloads({
      pods: {
        web: 'services:\n  a: { image: x, volumes: [ "data:/d" ] }\n  b: { image: x, volumes: [ "data:/d" ] }\nvolumes: { data: }\n',
      },
    });
    expect(errors).toEqual([]);
  });
});

function volumesOf(pod: PodSpec): Record<string, object> {
  return Object.fromEntries((pod.volumes as { name: string }[]).map(({ name, ...source }) => [name, source]));
}
