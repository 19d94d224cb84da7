import { describe, expect, it } from 'vitest';
import {
  composeSizeQuantity,
  cpuQuantity,
  sizeQuantity,
} from '../../../../../../src/deployers/kubernetes/objects/storage/quantities.js';
import { containerOf, findingsOf } from '../../../../../support/kubernetes/kubernetes-objects.js';

describe('sizes in a spec keep their value, in the form that the API server returns', () => {
  it.each([
    ['128M', '128M'],
    ['128Mi', '128Mi'],
    ['128m', '128Mi'],
    ['128MB', '128Mi'],
    ['1.5G', '1500M'],
    ['1.5Gi', '1536Mi'],
    ['2000M', '2G'],
    ['1Gi', '1Gi'],
    ['1024Mi', '1Gi'],
    ['1g', '1Gi'],
    ['1GiB', '1Gi'],
    ['512k', '512k'],
    ['512kb', '512Ki'],
    ['10Ti', '10Ti'],
    ['129e6', '129M'],
    ['1024', '1024'],
    ['0.5Ki', '512'],
    ['0', '0'],
    ['abc', undefined],
  ])('%s is %s', (text, expected) => {
    expect(sizeQuantity(text)).toBe(expected);
  });
});

it.each([
  ['2', '2'],
  ['2.0', '2'],
  ['0.5', '500m'],
  ['500m', '500m'],
  ['0.05', '50m'],
  ['0.0001', '1m'],
  ['1500100u', '1501m'],
  ['1000', '1k'],
  ['x', undefined],
])('a number of %s CPUs becomes %s', (text, expected) => {
  expect(cpuQuantity(text)).toBe(expected);
});

it.each([
  ['256M', '256Mi'],
  ['256m', '256Mi'],
  ['1.5g', '1536Mi'],
  ['512k', '512Ki'],
  ['1000', '1k'],
  ['1500', '1500'],
  ['268435456', '256Mi'],
  ['1 KiB', '1Ki'],
  ['1X', undefined],
])('a size in a compose file counts in powers of 1024: %s is %s', (text, expected) => {
  expect(composeSizeQuantity(text)).toBe(expected);
});

describe('requests and limits come from the first level that defines any, as a whole', () => {
  const compose = 'deploy: { resources: { limits: { cpus: "0.5", memory: 256M }, reservations: { memory: 128M } } }';
  const spec = 'resources: { containers: { reservations: { cpus: 1 }, web: { limits: { memory: 1Gi } } } }\n';

  it.each([
    ['nothing', '', '', undefined],
    ['the compose file', compose, '', { limits: { cpu: '500m', memory: '256Mi' }, requests: { memory: '128Mi' } }],
    ['the spec for this container', compose, spec, undefined],
    [
      'the spec for all',
      '',
      'resources: { containers: { reservations: { cpus: 1, memory: 0 } } }\n',
      { requests: { cpu: '1' } },
    ],
    [
      'the compose file before the spec for all',
      compose,
      'resources: { containers: { limits: { cpus: 9 } } }\n',
      { limits: { cpu: '500m', memory: '256Mi' }, requests: { memory: '128Mi' } },
    ],
    ['older keys in the compose file', 'mem_limit: 64m\ncpus: 0.25', '', { limits: { cpu: '250m', memory: '64Mi' } }],
  ])('%s', (_, keys, specText, expected) => {
    const wanted = specText === spec ? { limits: { memory: '1Gi' } } : expected;
    expect(containerOf(keys, { spec: specText }).resources).toEqual(wanted);
  });

  it('are refused, by file and line, when no node could provide them', () => {
    expect(
      findingsOf('deploy: { resources: { limits: { memory: 1m }, reservations: { memory: 2m } } }').errors,
    ).toEqual([
      expect.stringMatching(
        /^docker-compose-web\.yml:4 services\.web\.deploy\.resources\.reservations\.memory: is more than the limit of memory/,
      ),
    ]);
    expect(
      findingsOf('', {
        spec: 'resources:\n  containers:\n    web: { limits: { cpus: 500m }, reservations: { cpus: 1 } }\n',
      }).errors,
    ).toEqual([expect.stringMatching(/^spec\.yml:5 resources\.containers\.web\.reservations\.cpus: is more than/)]);
  });

  it('of devices are refused, since they would be missing', () => {
    const gpu = 'deploy: { resources: { reservations: { devices: [ { capabilities: [ gpu ] } ] } } }';
    expect(findingsOf(gpu).errors).toEqual([
      expect.stringMatching(
        /^docker-compose-web\.yml:4 services\.web\.deploy\.resources\.reservations\.devices: Kubernetes provides devices/,
      ),
    ]);
  });

  it('of processes are warned about, since Kubernetes has none', () => {
    expect(findingsOf('deploy: { resources: { limits: { pids: 5 } } }').warnings).toEqual([
      expect.stringContaining('pids: Kubernetes limits processes per node only'),
    ]);
    expect(findingsOf('pids_limit: 5').warnings).toEqual([
      expect.stringMatching(/^docker-compose-web\.yml:4 services\.web\.pids_limit: Kubernetes limits processes/),
    ]);
    expect(findingsOf('pids_limit: -1').warnings).toEqual([]);
  });
});
