import type { Problem } from '../../../system/errors.js';
import { mapOf } from '../../../system/plain-map.js';
import type { YamlFile } from '../../../system/yaml/yaml.js';

/** Keys of a service's network that set a fixed address, which pods do not have. */
const addresses = ['ipv4_address', 'ipv6_address', 'link_local_ips', 'mac_address'];

/** Reports network settings of a compose file that have no equivalent on Kubernetes. Pure. */
export function unmappedNetworks(yaml: YamlFile): Problem[] {
  const { services, networks } = mapOf(yaml.value);
  const noAddress = 'a pod cannot choose its address: reach the service by its name';
  const noEffect =
    'has no effect on Kubernetes: pods can reach addresses outside of the cluster, unless a NetworkPolicy forbids it';
  const fixed = Object.entries(mapOf(services)).flatMap(([service, keys]) =>
    Object.entries(mapOf(mapOf(keys).networks)).flatMap(([network, settings]) =>
      addresses
        .filter((key) => Object.hasOwn(mapOf(settings), key))
        .map((key) => yaml.problem(['services', service, 'networks', network, key], noAddress)),
    ),
  );
  const open = Object.entries(mapOf(networks))
    .filter(([, settings]) => mapOf(settings).internal === true)
    .map(([network]) => yaml.problem(['networks', network, 'internal'], noEffect));
  return [...fixed, ...open];
}
