import { expect, it } from 'vitest';
import { unmappedNetworks } from '../../../../../src/deployers/kubernetes/input/networks.js';
import { formatProblem } from '../../../../../src/system/errors.js';
import { parseYaml } from '../../../../../src/system/yaml/yaml.js';

it('static addresses and internal networks are warned about, each with its line', () => {
  const text = `services:
  web:
    image: a
    networks:
      front:
        ipv4_address: 10.0.0.2
        mac_address: 02:42:ac:11:65:43
      back:
  plain: {image: a, networks: [back]}
networks:
  front: {internal: false}
  back:
    internal: true
`;
  expect(unmappedNetworks(parseYaml(text, 'app.yml')).map(formatProblem)).toEqual([
    expect.stringMatching(/^app\.yml:6 services\.web\.networks\.front\.ipv4_address: a pod cannot choose its address/),
    expect.stringMatching(/^app\.yml:7 services\.web\.networks\.front\.mac_address: /),
    expect.stringMatching(/^app\.yml:13 networks\.back\.internal: has no effect on Kubernetes/),
  ]);
});
