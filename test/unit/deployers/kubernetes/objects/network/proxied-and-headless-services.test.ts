import { describe, expect, it } from 'vitest';
import { buildObjects } from '../../../../../../src/deployers/kubernetes/objects/build.js';
import { formatProblem } from '../../../../../../src/system/errors.js';
import { app, objectsInput, oneService, type StackText } from '../../../../../support/kubernetes/kubernetes-objects.js';

interface Service {
  metadata: { name: string; namespace: string; labels: Record<string, string> };
  spec: Record<string, unknown> & { type: string; selector: Record<string, string>; ports?: Record<string, unknown>[] };
}

function servicesOf(stack: StackText): { services: Map<string, Service>; errors: string[]; warnings: string[] } {
  const { objects, findings } = buildObjects(objectsInput(stack));
  const services = objects.filter(({ kind }) => kind === 'Service') as unknown as Service[];
  return {
    services: new Map(services.map((service) => [service.metadata.name, service])),
    errors: findings.errors.map(formatProblem),
    warnings: findings.warnings.map(formatProblem),
  };
}

const proxy = (...routes: string[]): string =>
  `network:\n  http-proxy:\n    - host-name: a.example.org\n      routes:\n${routes
    .map((route, index) => `        - { path: "/${index}", proxy-to: "${route}" }\n`)
    .join('')}`;

const shop = {
  front: 'services: { web: { image: a }, api: { image: a } }',
  back: 'services: { db: { image: a } }',
};

describe('ClusterIP Services for the Ingress', () => {
  it('are one for a stack of one pod file, with the ports of all routes, sorted', () => {
    const { services } = servicesOf({ pods: { web: shop.front }, spec: proxy('web:8080', 'api:90', 'web:8080') });
    expect(services.get(`${app}-service`)).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: `${app}-service`,
        namespace: 'laconic-notes',
        labels: {
          app,
          'app.kubernetes.io/stack': 'notes',
          'app.kubernetes.io/managed-by': 'laconic-so',
          'laconic.com/deployment-id': app,
        },
      },
      spec: {
        type: 'ClusterIP',
        selector: { app },
        ports: [
          { name: 'port-90', port: 90, targetPort: 90, protocol: 'TCP' },
          { name: 'port-8080', port: 8080, targetPort: 8080, protocol: 'TCP' },
        ],
      },
    });
  });

  it('are one for each routed pod file of several, selecting only its pods, with the port of the maintenance page', () => {
    const { services } = servicesOf({ pods: shop, spec: `${proxy('web:80')}maintenance-service: web:8000\n` });
    const front = services.get(`${app}-front-service`);
    expect(front?.spec.selector).toEqual({ app, 'app.kubernetes.io/component': 'front' });
    expect(front?.spec.ports?.map(({ port }) => port)).toEqual([80, 8000]);
    expect(services.has(`${app}-back-service`)).toBe(false);
  });

  it('are not created without a route', () => {
    expect([...servicesOf({ pods: { web: shop.front } }).services.keys()]).toEqual(['web', 'api']);
  });
});

describe('headless Services for the names of compose services', () => {
  it('have the names of the compose services, include pods that are not ready, and list their ports', () => {
    const { services } = servicesOf({
      pods: { web: oneService('ports: [ "8080:80", "53/udp" ]\nexpose: [ "9000-9001", "80" ]') },
    });
    expect(services.get('web')?.spec).toEqual({
      type: 'ClusterIP',
      clusterIP: 'None',
      publishNotReadyAddresses: true,
      selector: { app },
      ports: [
        { name: 'tcp-80', port: 80, targetPort: 80, protocol: 'TCP' },
        { name: 'udp-53', port: 53, targetPort: 53, protocol: 'UDP' },
        { name: 'tcp-9000', port: 9000, targetPort: 9000, protocol: 'TCP' },
        { name: 'tcp-9001', port: 9001, targetPort: 9001, protocol: 'TCP' },
      ],
    });
  });

  it('select the pods of their own file', () => {
    const { services } = servicesOf({ pods: shop });
    expect(services.get('db')?.spec.selector).toEqual({ app, 'app.kubernetes.io/component': 'back' });
    expect(services.get('db')?.spec.ports).toBeUndefined();
  });

  it('are warned about for a name that DNS does not allow, which is refused when a variable refers to it', () => {
    const plain = servicesOf({ pods: { web: 'services:\n  my_db: { image: a }\n  web: { image: a }\n' } });
    expect(plain.errors).toEqual([]);
    expect(plain.warnings).toEqual([
      'docker-compose-web.yml:2 services.my_db: no pod finds it under this name: DNS allows letters, digits and "-", starting with a letter, at most 63',
    ]);
    const named = servicesOf({
      pods: {
        web: 'services:\n  my_db: { image: a }\n  web: { image: a, environment: { DB: "tcp://my_db:5432/x" } }\n',
      },
    });
    expect(named.errors).toEqual([
      'docker-compose-web.yml:2 services.my_db: no pod finds it under this name: DNS allows letters, digits and "-", starting with a letter, at most 63; "DB" of service "web" names it: rename the service',
    ]);
  });

  it.each(['xmy_db', 'my_db2', 'my_db.example.org', 'not-my_db', 'a.my_db'])(
    'do not treat %s as a reference',
    (value) => {
      const { errors } = servicesOf({
        pods: { web: `services: { my_db: { image: a }, web: { image: a, environment: { DB: "${value}" } } }` },
      });
      expect(errors).toEqual([]);
    },
  );

  it('treat a name in the config as a reference where every container gets the config', () => {
    const stack: StackText = { pods: { web: 'services: { my_db: { image: a } }' }, config: { HOST: 'my_db' } };
    expect(servicesOf({ ...stack, environment: 'all' }).errors).toHaveLength(1);
    expect(servicesOf(stack).errors).toEqual([]);
  });

  it('are shared by two pod files that use one name, with a warning', () => {
    const { services, warnings } = servicesOf({ pods: { a: oneService(''), b: oneService('') } });
    expect(services.get('web')?.spec.selector).toEqual({ app, 'app.kubernetes.io/component': 'a' });
    expect(warnings).toContain(
      'docker-compose-b.yml:2 services.web: pod a has a service of this name too: in the cluster the name resolves to that service; rename one of the two',
    );
  });

  it('are refused when another object has the name', () => {
    const { errors } = servicesOf({
      pods: { web: `services: { web: { image: a }, ${app}-service: { image: a } }` },
      spec: proxy('web:80'),
    });
    expect(errors).toEqual([
      `docker-compose-web.yml:1 services.${app}-service: the pod "web" and the service "${app}-service" would both be Service ${app}-service in the cluster: rename one of them`,
    ]);
    const cases = servicesOf({ pods: { web: 'services:\n  my-app: { image: a }\n  My-App: { image: a }\n' } });
    expect(cases.errors).toEqual([
      'docker-compose-web.yml:3 services.My-App: the service "my-app" and the service "My-App" would both be Service my-app in the cluster: rename one of them',
    ]);
  });

  it('are not made for jobs, which do not run permanently', () => {
    const { services } = servicesOf({
      pods: { web: oneService('') },
      jobs: { seed: 'services: { seed: { image: a } }' },
    });
    expect([...services.keys()]).toEqual(['web']);
  });
});

describe('NodePort Services for the node ports in the spec', () => {
  const nodePorts = (keys: string, spec: string) => {
    const found = servicesOf({ pods: { web: oneService(keys) }, spec });
    return { ...found, made: [...found.services.values()].filter((each) => each.spec.type === 'NodePort') };
  };
  const ports = (...list: string[]): string => `network:\n  ports:\n    web: ${JSON.stringify(list)}\n`;

  it('have the name, the selector and the port of existing deployments', () => {
    const list = ['31001:9000', '31002:53/udp', '80'];
    const { made, warnings, errors } = nodePorts(`ports: ${JSON.stringify(list)}`, ports(...list));
    expect([...warnings, ...errors]).toEqual([]);
    const port = (number: number, nodePort: number, protocol: string) => ({
      type: 'NodePort',
      selector: { app },
      ports: [{ port: number, targetPort: number, nodePort, protocol }],
    });
    expect(made.map(({ metadata, spec }) => [metadata.name, spec])).toEqual([
      [`${app}-nodeport-9000-tcp`, port(9000, 31001, 'TCP')],
      [`${app}-nodeport-53-udp`, port(53, 31002, 'UDP')],
    ]);
  });

  it('are not made for ports that the compose file publishes, with a warning for those', () => {
    const { made, warnings } = nodePorts('ports: [ "31001:9000" ]', '');
    expect(made).toEqual([]);
    expect(warnings).toEqual([
      'docker-compose-web.yml:4 services.web.ports[0]: port 9000 is reached inside the cluster only: network.ports of the spec has no ports for service web; write "30000 to 32767:9000" for a node port there',
    ]);
  });

  it.each([
    ['8080:80', '8080 is not a node port; write "30000 to 32767:80" for a node port'],
    [
      '127.0.0.1:30080:80',
      'a node port is open on every address, not on 127.0.0.1 alone; omit the address if that is intended',
    ],
    ['30080-30081:80', '30080-30081 is not a node port; write "30000 to 32767:80" for a node port'],
  ])('are not made for %s', (port, why) => {
    const { made, warnings, errors } = nodePorts(`ports: [ "${port}" ]`, ports(port));
    expect(made).toEqual([]);
    expect(errors).toEqual([]);
    expect(warnings).toEqual([`spec.yml:5 network.ports.web[0]: port 80 is reached inside the cluster only: ${why}`]);
  });

  it('accept 0.0.0.0 as every address', () => {
    const port = '0.0.0.0:30080:80';
    expect(nodePorts(`ports: [ "${port}" ]`, ports(port)).made).toHaveLength(1);
  });

  it('are not needed for a port that the Ingress leads to, so no warning is given', () => {
    const { warnings } = nodePorts('ports: [ "80:80" ]', `${proxy('web:80')}`);
    expect(warnings).toEqual([]);
  });

  it('are one per pod when pods have one port each, and a node port used twice is refused', () => {
    const text = (name: string, port: number): string => `services: { ${name}: { image: a, ports: [ "${port}:80" ] } }`;
    const spec = 'network: { ports: { one: [ "30001:80" ], two: [ "30002:80" ] } }\n';
    const { services, errors } = servicesOf({ pods: { a: text('one', 30001), b: text('two', 30002) }, spec });
    expect(errors).toEqual([]);
    expect(services.get(`${app}-nodeport-80-tcp`)?.spec.selector['app.kubernetes.io/component']).toBe('a');
    expect(services.get(`${app}-nodeport-80-tcp-30002`)?.spec.selector['app.kubernetes.io/component']).toBe('b');
    const twice = servicesOf({ pods: { a: text('one', 30001), b: text('two', 30001) }, spec });
    expect(twice.errors).toEqual([
      'spec.yml:3 network.ports.two[0]: node port 30001 is also requested for service one: it is available once per node',
    ]);
  });

  it('have both TCP and UDP of a node port, of one pod', () => {
    const both = nodePorts('ports: [ "30303:30303", "30303:30303/udp" ]', ports('30303:30303', '30303:30303/udp'));
    expect(both.errors).toEqual([]);
    expect(both.made).toMatchObject([
      {
        spec: {
          ports: [
            { name: 'tcp-30303', port: 30303, nodePort: 30303, protocol: 'TCP' },
            { name: 'udp-30303', port: 30303, nodePort: 30303, protocol: 'UDP' },
          ],
        },
      },
    ]);
    const text = (name: string, protocol: string): string =>
      `services: { ${name}: { image: a, ports: [ "30001:80/${protocol}" ] } }`;
    const spec = 'network: { ports: { one: [ "30001:80" ], two: [ "30001:80/udp" ] } }\n';
    expect(servicesOf({ pods: { a: text('one', 'tcp'), b: text('two', 'udp') }, spec }).errors).toEqual([
      'spec.yml:3 network.ports.two[0]: node port 30001 is also requested for service one: it is available once per node',
    ]);
  });

  it('are not made for a pod in the host network', () => {
    const { made, warnings } = nodePorts('network_mode: host\nports: [ "30080:81" ]', ports('30080:81'));
    expect(made).toEqual([]);
    expect(warnings).toEqual([]);
  });
});
