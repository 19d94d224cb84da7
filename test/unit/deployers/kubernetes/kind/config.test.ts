import { describe, expect, it } from 'vitest';
import {
  hostPortProblems,
  kindConfig,
  type KindConfigInput,
  parseKindConfig,
  renderKindConfig,
  withoutRepeats,
} from '../../../../../src/deployers/kubernetes/kind/config.js';
import { memlockSpec } from '../../../../../src/deployers/kubernetes/kind/memlock.js';
import { clashingPlaces, placeOnKind } from '../../../../../src/deployers/kubernetes/objects/storage/volume-places.js';
import { formatProblem } from '../../../../../src/system/errors.js';
import { parseYaml } from '../../../../../src/system/yaml/yaml.js';
import { objectsInput, type StackText } from '../../../../support/kubernetes/kubernetes-objects.js';
import { problemsOf } from '../../../../support/problems.js';

const root = '/home/op/notes';
const home = '/home/op';

function input(stack: StackText): KindConfigInput {
  const { spec, podFiles, jobs } = objectsInput(stack);
  return { root, home, spec, podFiles, jobs };
}

const pod = (name: string, lines: string): string => `services:\n  ${name}:\n    image: x:1\n${lines}`;
const ingressPorts = [80, 443].map((port) => ({ hostPort: port, containerPort: port, protocol: 'TCP' }));

describe('kind-config.yml', () => {
  it('has the ingress ports and the node label, and no mounts when none are needed', () => {
    const config = kindConfig(input({ pods: { web: pod('web', '    ports: ["8080"]\n') } }));
    expect(config).toEqual({ mounts: [], ports: ingressPorts, nodeLabels: ['ingress-ready=true'] });
    expect(parseYaml(renderKindConfig(config), 'kind-config.yml').value).toEqual({
      kind: 'Cluster',
      apiVersion: 'kind.x-k8s.io/v1alpha4',
      nodes: [
        {
          role: 'control-plane',
          kubeadmConfigPatches: [
            'kind: InitConfiguration\nnodeRegistration:\n  kubeletExtraArgs:\n    node-labels: "ingress-ready=true"\n',
          ],
          extraPortMappings: [
            { containerPort: 80, hostPort: 80 },
            { containerPort: 443, hostPort: 443 },
          ],
        },
      ],
    });
  });

  it('has a container runtime without a limit of locked memory, and its specification, if the spec asks for it', () => {
    const config = kindConfig(input({ spec: 'security: { unlimited-memlock: true }\n' }));
    const inNode = '/etc/containerd/laconic-high-memlock.json';
    expect(config).toMatchObject({
      memlock: true,
      mounts: [{ hostPath: `${root}/high-memlock-spec.json`, containerPath: inNode }],
    });
    const text = renderKindConfig(config);
    expect(parseYaml(text, 'kind-config.yml').value).toMatchObject({
      containerdConfigPatches: [expect.stringContaining(`base_runtime_spec = "${inNode}"`)],
    });
    expect(parseKindConfig(text, 'kind-config.yml')).toEqual(config);
    const { process } = JSON.parse(memlockSpec()) as { process: { rlimits: { type: string }[] } };
    expect(process.rlimits.map(({ type }) => type)).toEqual(['RLIMIT_MEMLOCK', 'RLIMIT_NOFILE']);
    expect(memlockSpec()).toContain('"hard": 9223372036854775807,');
  });

  it('maps the container ports of host-network services to ports of the host, each once', () => {
    const services = `services:
  dns:
    image: x:1
    network_mode: host
    ports: ["5300:53/udp", "53/udp", "53/tcp", "443"]
  plain:
    image: x:1
    ports: ["9000:9000"]
`;
    const config = kindConfig(input({ pods: { dns: services } }));
    expect(config.ports).toEqual([
      ...ingressPorts,
      { hostPort: 53, containerPort: 53, protocol: 'UDP' },
      { hostPort: 53, containerPort: 53, protocol: 'TCP' },
    ]);
    expect(renderKindConfig(config)).toContain('protocol: UDP');
  });

  it('mounts the volumes of pods and jobs, each once', () => {
    const spec = `volumes:
  data: ./data/data
  logs: /var/log/notes
  backup: ~/backup
  auto:
  settings: ./data/settings
configmaps:
  settings: ./config/settings
`;
    const mounts = '    volumes: ["data:/d", "logs:/l", "auto:/a", "settings:/s:ro", "../config/x:/x", "/anonymous"]\n';
    const volumes = 'volumes:\n  data:\n  logs:\n  backup:\n  auto:\n  settings:\n';
    const config = kindConfig(
      input({
        pods: { a: pod('one', mounts) + volumes, b: pod('two', '    volumes: ["data:/d"]\n') + volumes },
        jobs: { save: pod('save', '    volumes: ["data:/d", {type: volume, source: backup, target: /b}]\n') + volumes },
        spec,
      }),
    );
    expect(config.mounts).toEqual([
      { hostPath: `${root}/data/data`, containerPath: '/mnt/data' },
      { hostPath: '/var/log/notes', containerPath: '/mnt/logs' },
      { hostPath: `${home}/backup`, containerPath: '/mnt/backup' },
    ]);
    expect(renderKindConfig(config).match(/HostToContainer/g)).toHaveLength(3);
  });

  it('mounts the kind-mount-root instead of what is below it, by path components', () => {
    const spec = `kind-mount-root: /srv/kind/
volumes:
  below: /srv/kind/notes/db
  beside: /srv/kind2/db
  itself: /srv/kind
`;
    const all = ['below', 'beside', 'itself'];
    const text = `${pod('one', `    volumes: [${all.map((name) => `"${name}:/${name}"`).join(', ')}]\n`)}volumes: {${all.join(': , ')}: }\n`;
    const made = input({ pods: { a: text }, spec });
    expect(kindConfig(made).mounts).toEqual([
      { hostPath: '/srv/kind', containerPath: '/mnt' },
      { hostPath: '/srv/kind2/db', containerPath: '/mnt/beside' },
    ]);
    const inNode = (volume: string): string | undefined => placeOnKind(volume, made.spec, root, home)?.nodePath;
    expect(all.map(inNode)).toEqual(['/mnt/notes/db', '/mnt/beside', '/mnt']);
  });

  it('has the node image that the spec names', () => {
    const config = kindConfig(input({ spec: 'kind-node-image: mine/node:v1\n' }));
    expect(renderKindConfig(config)).toContain('image: mine/node:v1');
    expect(parseKindConfig(renderKindConfig(config), 'f')).toEqual(config);
  });

  it('has the address and the host ports that the spec names', () => {
    const lines = '    network_mode: host\n    ports: ["53/udp"]\n';
    const spec = 'kind-listen-address: 127.0.0.1\nkind-http-port: 8080\nkind-https-port: 8443\n';
    const config = kindConfig(input({ pods: { dns: pod('dns', lines) }, spec }));
    const listenAddress = '127.0.0.1';
    expect(config.ports).toEqual([
      { hostPort: 8080, containerPort: 80, protocol: 'TCP', listenAddress },
      { hostPort: 8443, containerPort: 443, protocol: 'TCP', listenAddress },
      { hostPort: 53, containerPort: 53, protocol: 'UDP', listenAddress },
    ]);
    const text = renderKindConfig(config);
    expect(parseYaml(text, 'f').value).toMatchObject({
      nodes: [
        {
          extraPortMappings: [
            { containerPort: 80, hostPort: 8080, listenAddress },
            { containerPort: 443, hostPort: 8443, listenAddress },
            { containerPort: 53, hostPort: 53, protocol: 'UDP', listenAddress },
          ],
        },
      ],
    });
    expect(parseKindConfig(text, 'f')).toEqual(config);
  });

  it('is read back as it was written', () => {
    const spec = 'kind-mount-root: "/srv/with space"\nvolumes:\n  data: "/x: y/#1"\n';
    const text = pod('one', '    network_mode: host\n    ports: ["53/udp"]\n    volumes: ["data:/d"]\n');
    const config = kindConfig(input({ pods: { a: `${text}volumes:\n  data:\n` }, spec }));
    expect(config.mounts).toHaveLength(2);
    expect(parseKindConfig(renderKindConfig(config), 'f')).toEqual(config);
  });
});

describe('a kind-config.yml edited by users or written by the Python program', () => {
  const text = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
- role: control-plane
  kubeadmConfigPatches:
    - |
      kind: InitConfiguration
      nodeRegistration:
        kubeletExtraArgs:
          node-labels: "ingress-ready=true"
  extraPortMappings:
  - containerPort: 80
    hostPort: 8080
  extraMounts:
  - hostPath: /srv/data
    containerPath: /mnt/data
    propagation: HostToContainer
  - hostPath: /srv/data
    containerPath: /mnt/data
    propagation: HostToContainer
- role: worker
  labels:
    zone: one
`;

  it('counts all nodes, and duplicates once', () => {
    expect(parseKindConfig(text, 'f')).toEqual({
      mounts: [{ hostPath: '/srv/data', containerPath: '/mnt/data' }],
      ports: [{ hostPort: 8080, containerPort: 80, protocol: 'TCP' }],
      nodeLabels: ['ingress-ready=true', 'zone=one'],
    });
  });

  it('is passed to kind without repeated mounts, which Docker refuses, and otherwise unchanged', () => {
    const given = parseYaml(withoutRepeats(text, 'f'), 'f').value as { nodes: { extraMounts?: unknown[] }[] };
    const before = parseYaml(text, 'f').value as typeof given;
    expect(given.nodes[0]?.extraMounts).toHaveLength(1);
    before.nodes[0]?.extraMounts?.pop();
    expect(given).toEqual(before);
  });

  it('is refused with the line when it is not a kind configuration', () => {
    expect(problemsOf(() => parseKindConfig('nodes: []\nkind: Pod\n', 'kind-config.yml'))).toEqual([
      'kind-config.yml:2 kind: must be Cluster: kind reads this file',
    ]);
  });
});

describe('host ports that are requested twice', () => {
  it('are refused with their line, because only one of them would get the traffic', () => {
    const lines = '    network_mode: host\n    ports: ["8080", "80", "9000"]\n';
    const { spec, podFiles } = objectsInput({
      pods: { web: pod('web', lines) },
      spec: 'kind-http-port: 8080\nkind-https-port: 9000\n',
    });
    expect(hostPortProblems(spec, podFiles).map(formatProblem)).toEqual([
      'spec.yml:3 kind-http-port: port 8080/tcp of this host would lead to the ingress controller, but web, which uses the network of the node, has it: use another port',
      'spec.yml:4 kind-https-port: port 9000/tcp of this host would lead to the ingress controller, but web, which uses the network of the node, has it: use another port',
    ]);
    expect(hostPortProblems(objectsInput({ spec: '' }).spec, podFiles)).toEqual([]);
  });
});

describe('two volumes at one path in the node', () => {
  it('are refused, because one would show the data of the other', () => {
    const { spec } = objectsInput({
      spec: 'kind-mount-root: /srv/kind\nvolumes:\n  db: /data/db\n  other: /srv/kind/db\n  deep: /srv/kind/db/x\n',
    });
    const problems = clashingPlaces(['db', 'other'], spec, root, home);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ key: 'volumes.other' });
    expect(problems[0]?.message).toContain('/mnt/db');
    expect(clashingPlaces(['db', 'deep'], spec, root, home)).toMatchObject([{ key: 'volumes.deep' }]);
    expect(clashingPlaces(['db'], spec, root, home)).toEqual([]);
    expect(clashingPlaces(['other', 'deep'], spec, root, home)).toEqual([]);
  });
});
