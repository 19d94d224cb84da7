import { describe, expect, it } from 'vitest';
import {
  app,
  oneService,
  podOf,
  type StackText,
  type Workload,
  workloads,
} from '../../../../../support/kubernetes/kubernetes-objects.js';

const labels = {
  app,
  'app.kubernetes.io/stack': 'notes',
  'app.kubernetes.io/managed-by': 'laconic-so',
  'laconic.com/deployment-id': app,
};

describe('Deployments', () => {
  it('of a single pod file have the names and selectors of existing deployments', () => {
    const [made] = workloads({ pods: { web: oneService('') } }).deployments;
    expect(made).toMatchObject({
      apiVersion: 'apps/v1',
      metadata: { name: `${app}-deployment`, namespace: 'laconic-notes', labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: { metadata: { labels }, spec: { enableServiceLinks: false } },
      },
    });
    expect(made?.spec.selector).toEqual({ matchLabels: { app } });
    expect(made?.spec.template.spec).not.toHaveProperty('restartPolicy');
  });

  it('of several pod files each have their component, in stack order', () => {
    const made = workloads({ pods: { web: oneService(''), db: 'services: { db: { image: x } }' } }).deployments;
    expect(
      made.map(({ metadata, spec }) => [metadata.name, spec.selector?.matchLabels, spec.template.metadata.labels]),
    ).toEqual(
      ['web', 'db'].map((podFile) => {
        const component = { 'app.kubernetes.io/component': podFile };
        return [`${app}-${podFile}-deployment`, { app, ...component }, { ...labels, ...component }];
      }),
    );
  });

  it("expand {name} in the spec's annotations and labels for each service, on pods only", () => {
    const [made] = workloads({
      pods: { web: 'services: { a: { image: x }, b: { image: x } }' },
      spec: 'annotations: { "x.io/{name}": on, plain: y }\nlabels: { "tier-{name}": t }\n',
    }).deployments;
    expect(made?.spec.template.metadata.annotations).toEqual({ 'x.io/a': 'on', 'x.io/b': 'on', plain: 'y' });
    expect(made?.spec.template.metadata.labels).toEqual({ ...labels, 'tier-a': 't', 'tier-b': 't' });
    expect(made?.metadata.labels).toEqual(labels);
  });

  it('replace {name} with the container name, and keys and values that the API rejects are refused', () => {
    const stack = { pods: { web: 'services: { a_b: { image: x } }' } };
    const [made] = workloads({ ...stack, spec: 'annotations: { "x.io/{name}": on }\n' }).deployments;
    expect(Object.keys(made?.spec.template.metadata.annotations ?? {})).toEqual([
      expect.stringMatching(/^x\.io\/a-b-[0-9a-f]{8}$/),
    ]);
    const spec = `annotations:\n  "a b": x\nlabels:\n  "${'long'.repeat(15)}-{name}": x\n  v: "not valid"\n`;
    expect(workloads({ ...stack, spec }).errors).toEqual([
      expect.stringMatching(/^spec\.yml:6 labels\[.*is not a key for labels/),
      expect.stringMatching(/^spec\.yml:7 labels\.v: "not valid" is not a value of a label/),
      expect.stringMatching(/^spec\.yml:4 annotations.*"a b" is not a key for annotations/),
    ]);
  });

  it('refuse a label in the spec that selects the pods', () => {
    expect(workloads({ pods: { web: oneService('') }, spec: 'labels:\n  app: mine\n' }).errors).toEqual([
      'spec.yml:4 labels.app: the pods are found by this label: it cannot be set',
    ]);
  });
});

describe('the strategy of a Deployment with', () => {
  it.each([
    ['volumes', 'volumes: { data: }', '', 'Recreate'],
    ['declared configmaps only', 'volumes: { conf: }', 'configmaps: { conf: }\n', 'RollingUpdate'],
    ['both', 'volumes: { conf: , data: }', 'configmaps: { conf: }\n', 'Recreate'],
  ])('%s', (_, top, spec, type) => {
    const [made] = workloads({
      pods: { web: oneService('', top) },
      spec,
      configmaps: { conf: { a: 'b' } },
    }).deployments;
    expect(made?.spec.strategy).toMatchObject({ type });
  });
});

describe('replicas', () => {
  const replicas = (stack: StackText): unknown => workloads(stack).deployments.map(({ spec }) => spec.replicas);

  it('are those of the spec, else of the compose file, else one', () => {
    expect(replicas({ pods: { web: oneService('deploy: { replicas: 3 }') } })).toEqual([3]);
    expect(replicas({ pods: { web: oneService('scale: 2') } })).toEqual([2]);
    expect(replicas({ pods: { web: oneService('deploy: { replicas: 3 }') }, spec: 'replicas: 5\n' })).toEqual([5]);
  });

  it('of 0 leave a service out of its pod, and a pod without services keeps a Deployment with no replicas', () => {
    const off = 'services:\n  a: { image: x, scale: 0 }\n  b: { image: x }\n';
    expect(podOf({ pods: { web: off } }).containers.map(({ name }) => name)).toEqual(['b']);
    const [none] = workloads({ pods: { web: oneService('scale: 0') } }).deployments;
    expect([none?.spec.replicas, none?.spec.template.spec.containers.length]).toEqual([0, 1]);
  });

  it('are refused with a volume, which only one pod can mount', () => {
    const pods = { web: oneService('volumes: [ "data:/d", "conf:/c" ]', 'volumes: { data: , conf: }') };
    const made = workloads({ pods, spec: 'replicas: 2\nconfigmaps: { conf: }\n', configmaps: { conf: { a: 'b' } } });
    expect(made.errors).toEqual([
      expect.stringMatching(
        /^docker-compose-web\.yml:4 services\.web\.volumes\[0\]: the volume data is for one pod \(ReadWriteOnce\), and 2 replicas/,
      ),
    ]);
  });

  it('are refused when they differ within a pod, since the other services would run as often', () => {
    const pods = { web: 'services:\n  a: { image: x, scale: 2 }\n  b: { image: x }\n' };
    const told = 'b would run 2 times with it, as they are one pod';
    expect(workloads({ pods }).errors).toEqual([expect.stringContaining(`services.a.scale: ${told}`)]);
    const deploy = { web: 'services:\n  a: { image: x, deploy: { replicas: 2 } }\n  b: { image: x }\n' };
    expect(workloads({ pods: deploy }).errors).toEqual([
      expect.stringContaining(`services.a.deploy.replicas: ${told}`),
    ]);
    expect(workloads({ pods, spec: 'replicas: 2\n' }).errors).toEqual([]);
  });
});

describe('scheduling of Deployments and Jobs', () => {
  const spec = `node-affinities: [ { label: type, value: ssd }, { label: zone, value: a }, { label: zone, value: b } ]
node-tolerations: [ { key: dedicated, value: yes }, { key: slow, operator: Exists, effect: NoExecute, tolerationSeconds: 9 } ]
security: { runtime-class: gvisor }
image-pull-policy: Never
`;
  const made = workloads({
    pods: { web: oneService('') },
    jobs: { seed: oneService('') },
    spec,
    images: { web: 'other:1' },
  });

  it.each([
    ['Deployment', made.deployments[0]],
    ['Job', made.jobs[0]],
  ])('of a %s requires all labels of a node, with alternatives within a label', (_, workload) => {
    expect(workload?.spec.template.spec).toMatchObject({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: 'type', operator: 'In', values: ['ssd'] },
                  { key: 'zone', operator: 'In', values: ['a', 'b'] },
                ],
              },
            ],
          },
        },
      },
      tolerations: [
        { key: 'dedicated', operator: 'Equal', value: 'yes', effect: 'NoSchedule' },
        { key: 'slow', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 9 },
      ],
      runtimeClassName: 'gvisor',
      containers: [{ image: 'other:1', imagePullPolicy: 'Never' }],
    });
  });
});

describe('node labels and taints that Kubernetes does not allow', () => {
  it('are refused with their line, each once', () => {
    const spec = `node-affinities:
  - { label: "node type", value: ssd }
  - { label: type, value: "fast disk" }
node-tolerations:
  - { key: -dedicated, operator: Exists }
  - { key: dedicated, value: "a/b" }
`;
    const pods = { web: oneService(''), more: 'services: { more: { image: x } }' };
    expect(workloads({ pods, spec }).errors).toEqual([
      expect.stringMatching(/^spec\.yml:4 node-affinities\[0\]\.label: "node type" is not a label of a node/),
      expect.stringMatching(/^spec\.yml:5 node-affinities\[1\]\.value: "fast disk" is not a value of a label/),
      expect.stringMatching(/^spec\.yml:7 node-tolerations\[0\]\.key: "-dedicated" is not a key of a taint/),
      expect.stringMatching(/^spec\.yml:8 node-tolerations\[1\]\.value: "a\/b" is not a value of a taint/),
    ]);
  });
});

describe('Jobs', () => {
  it('are not retried, and no Service selects their pods', () => {
    const [job] = workloads({
      jobs: { seed: oneService('volumes: [ "data:/d" ]\nhealthcheck: { test: [ CMD, ok ] }', 'volumes: { data: }') },
      spec: 'annotations: { "x/{name}": y }\n',
    }).jobs;
    expect(job).toEqual({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: `${app}-job-seed`, namespace: 'laconic-notes', labels },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: { ...labels, app: `${app}-job` }, annotations: { 'x/web': 'y' } },
          spec: {
            restartPolicy: 'Never',
            enableServiceLinks: false,
            containers: [
              expect.objectContaining({
                name: 'web',
                image: 'nginx:1.27',
                volumeMounts: [{ name: 'data', mountPath: '/d' }],
              }),
            ],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: `${app}-data` } }],
          },
        },
      },
    });
  });
});

describe('rollouts', () => {
  const stack: StackText = {
    pods: {
      web: `
services:
  web:
    image: mine:local
    environment: { P: "\${P}" }
    volumes: [ ../config/a:/a, "conf:/c" ]
    secrets: [ s ]
    configs: [ c ]
volumes: { conf: }
secrets: { s: { file: ./s } }
configs: { c: { content: one } }
`,
    },
    spec: 'configmaps: { conf: }\n',
    configmaps: { conf: { x: '1' } },
    files: { '../config/a': { f: '1' }, './s': 'secret' },
    generated: { P: 'f00d', Q: 'cafe' },
    imageIds: { 'mine:local': 'sha256:1', 'other:local': 'sha256:2' },
  };
  // Q is mentioned by no service and would reach every container, so the tests mention it elsewhere.
  const other = { other: 'services: { other: { image: y, environment: { Q: "${Q}" } } }' };
  const annotations = (change: Partial<StackText>): Record<string, string> =>
    template({ ...stack, ...change, pods: { ...stack.pods, ...change.pods, ...other } })?.metadata.annotations ?? {};
  const template = (full: StackText): Workload['spec']['template'] | undefined =>
    workloads(full).deployments[0]?.spec.template;
  const [config, secret] = ['laconic.com/config-checksum', 'laconic.com/secret-checksum'];
  const before = annotations({});

  it('are stamped with what the pods read, and with the id of a local image', () => {
    expect(before).toEqual({
      [config]: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      [secret]: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      'image-id.laconic.com/web': 'sha256:1',
    });
    expect(annotations({})).toEqual(before);
  });

  it.each<[string, Partial<StackText>, string]>([
    ['a mounted file', { files: { ...stack.files, '../config/a': { f: '2' } } }, config],
    ['the name of a mounted file', { files: { ...stack.files, '../config/a': { g: '1' } } }, config],
    ['a declared configmap', { configmaps: { conf: { x: '2' } } }, config],
    [
      'a config in the compose file',
      { pods: { web: stack.pods?.web?.replace('content: one', 'content: two') ?? '' } },
      config,
    ],
    ['a secret in the compose file', { files: { ...stack.files, './s': 'new' } }, secret],
    ['a generated secret in use', { generated: { P: 'beef', Q: 'cafe' } }, secret],
    ['a rebuilt image', { imageIds: { 'mine:local': 'sha256:9' } }, 'image-id.laconic.com/web'],
  ])('are triggered by a change of %s', (_, change, annotation) => {
    const after = annotations(change);
    expect(Object.keys(after).filter((key) => after[key] !== before[key])).toEqual([annotation]);
  });

  it('are not triggered by a change of what the pod does not read', () => {
    expect(annotations({ generated: { P: 'f00d', Q: 'beef' } })).toEqual(before);
    expect(template({ pods: { web: oneService('') } })?.metadata).not.toHaveProperty('annotations');
  });

  it('use the digest of a pushed image, under the name by which pods pull it', () => {
    const pushed = { 'r.example/mine:deploy-12345678': 'sha256:3', 'mine:local': 'sha256:4' };
    const web = { web: stack.pods?.web?.replace('mine:local', 'r.example/mine:deploy-12345678') ?? '' };
    expect(annotations({ target: 'k8s', pods: web, imageIds: pushed })).toMatchObject({
      'image-id.laconic.com/web': 'sha256:3',
    });
  });
});
