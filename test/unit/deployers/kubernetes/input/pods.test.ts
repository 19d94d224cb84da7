import { describe, expect, it } from 'vitest';
import { podsOf } from '../../../../../src/deployers/kubernetes/input/pods.js';
import { buildObjects } from '../../../../../src/deployers/kubernetes/objects/build.js';
import { formatProblem } from '../../../../../src/system/errors.js';
import { objectsInput } from '../../../../support/kubernetes/kubernetes-objects.js';

const services = (...lines: string[]): string => `services:\n${lines.map((line) => `  ${line}\n`).join('')}`;

interface Template {
  metadata: { labels: Record<string, string> };
  spec: { affinity?: object };
}

/** The services of each pod by its name. */
function pods(text: string, split: 'none' | 'clashing' | 'all' = 'clashing'): Record<string, string[]> {
  const { podFiles } = objectsInput({ pods: { net: text } });
  return Object.fromEntries(
    podsOf(podFiles, split).podFiles.map(({ name, model }) => [name, [...model.services.keys()]]),
  );
}

describe('the pods of a compose file', () => {
  const clash = services('a: { image: x, ports: [ "8545" ] }', 'b: { image: x, ports: [ "1:8545" ] }');
  const noClash = services('a: { image: x, ports: [ "8545" ] }', 'b: { image: x, ports: [ "8545/udp" ] }');

  it.each([
    ['one where every port is used once', noClash, 'clashing', { net: ['a', 'b'] }],
    ['one for each service where two use a port', clash, 'clashing', { 'net-a': ['a'], 'net-b': ['b'] }],
    ['one for each service if the spec asks for it', noClash, 'all', { 'net-a': ['a'], 'net-b': ['b'] }],
    ['one in a directory whose pod may run already', clash, 'none', { net: ['a', 'b'] }],
    ['one without services', 'services: {}\n', 'all', { net: [] }],
  ] as const)('are %s', (_, text, split, expected) => {
    expect(pods(text, split)).toEqual(expected);
  });

  it('are one if only a service that ends before the other starts uses the same port', () => {
    const text = services(
      'seed: { image: x, ports: [ "80" ] }',
      'web: { image: x, ports: [ "80" ], depends_on: { seed: { condition: service_completed_successfully } } }',
    );
    expect(pods(text)).toEqual({ net: ['seed', 'web'] });
  });

  it('keep services together that share namespaces, or of which one waits for the other to complete', () => {
    const text = services(
      'seed: { image: x, depends_on: [ db ] }',
      'web: { image: x, depends_on: { seed: { condition: service_completed_successfully } } }',
      'db: { image: x }',
      'log: { image: x, network_mode: "service:side" }',
      'side: { image: x, depends_on: [ web ] }',
    );
    expect(pods(text, 'all')).toEqual({ 'net-web': ['seed', 'web'], 'net-db': ['db'], 'net-log': ['log', 'side'] });
  });

  it.each([
    ['another file waits for it to complete', 'seed: { image: x }', 'service_completed_successfully', true],
    ['another file only waits for it to start', 'seed: { image: x, restart: "no" }', 'service_started', false],
    ['nothing says that it ends', 'seed: { image: x }', undefined, false],
  ])('are Jobs if they run to their end: %s', (_, seed, condition, expected) => {
    const dependency = condition === undefined ? '' : `, depends_on: { seed: { condition: ${condition} } }`;
    const input = objectsInput({ pods: { seed: services(seed), web: services(`web: { image: x${dependency} }`) } });
    const { podFiles, oneShots } = podsOf(input.podFiles, 'clashing');
    expect(oneShots.map(({ name }) => name)).toEqual(expected ? ['seed'] : []);
    const { objects, order, findings } = buildObjects({ ...input, podFiles, jobs: oneShots });
    expect(findings.errors.map(formatProblem)).toEqual([]);
    const kind = expected ? 'Job' : 'Deployment';
    const name = `${input.deploymentId}-${expected ? 'job-seed' : 'seed-deployment'}`;
    expect(objects.map((object) => `${object.kind} ${object.metadata.name}`)).toContain(`${kind} ${name}`);
    const after = order.find(({ workload }) => workload.name !== name)?.after;
    const ready = condition === 'service_completed_successfully' ? 'ready' : 'started';
    expect(after).toEqual(condition === undefined ? [] : [{ workload: { kind, name }, condition: ready }]);
  });

  it('run on one node if they share a volume, also through a third, and only claim the volumes that they mount', () => {
    const text = `${services(
      'a: { image: x, volumes: [ "one:/d" ] }',
      'b: { image: x, volumes: [ "two:/d" ] }',
      'c: { image: x, volumes: [ "one:/d", "two:/e" ] }',
      'd: { image: x, volumes: [ "three:/d" ] }',
    )}volumes: { one: , two: , three: }\n`;
    const input = objectsInput({ pods: { net: text } });
    const { podFiles } = podsOf(input.podFiles, 'all');
    const { objects, findings } = buildObjects({ ...input, podFiles });
    expect(findings.errors.map(formatProblem)).toEqual([]);
    const group = { app: input.deploymentId, 'laconic.com/node-group': 'net-a' };
    const affinity = {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: group }, topologyKey: 'kubernetes.io/hostname' },
        ],
      },
    };
    const seen = objects.flatMap(({ kind, metadata, spec }) => {
      if (kind !== 'Deployment') return [];
      const { template } = spec as { template: Template };
      return [[metadata.name, template.spec.affinity, template.metadata.labels['laconic.com/node-group']]];
    });
    const name = (service: string): string => `${input.deploymentId}-net-${service}-deployment`;
    expect(seen).toEqual([
      ...['a', 'b', 'c'].map((service) => [name(service), affinity, 'net-a']),
      [name('d'), undefined, undefined],
    ]);
    const claims = objects.filter(({ kind }) => kind === 'PersistentVolumeClaim').map(({ metadata }) => metadata.name);
    expect(claims).toEqual(['one', 'two', 'three'].map((name) => `${input.deploymentId}-${name}`));
  });
});
