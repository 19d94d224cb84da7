import type { ServiceModel } from '../../../../compose/model/types.js';

/** A port in `ports` of a service that another service listens on as well. */
export interface SharedPort {
  service: ServiceModel;
  /** Its place in `ports`. */
  index: number;
  /** As `80/tcp`. */
  port: string;
  /** The first service with this port. */
  owner: string;
}

/** Lists the container ports that more than one of these services has. */
export function sharedPorts(services: readonly ServiceModel[]): SharedPort[] {
  const owners = new Map<string, string>();
  return services.flatMap((service) =>
    service.ports.flatMap(({ target, protocol }, index) => {
      const port = `${target}/${protocol}`;
      const owner = owners.get(port) ?? service.name;
      owners.set(port, owner);
      return owner === service.name ? [] : [{ service, index, port, owner }];
    }),
  );
}
