import { describe, expect, it } from 'vitest';
import { buildObjects } from '../../../../../../src/deployers/kubernetes/objects/build.js';
import { app, objectsInput, type Workload, workloads } from '../../../../../support/kubernetes/kubernetes-objects.js';

const web = `services:
  seed: { image: x }
  web: { image: x, depends_on: { seed: { condition: service_completed_successfully } } }
  own: { image: x, environment: { NODE_EXTRA_CA_CERTS: /mine.pem }, volumes: [ "data:/etc/ssl/certs/laconic-ca-bundle.pem" ] }
volumes: { data: }
`;
const stack = (certificate: string) => ({
  pods: { web },
  jobs: { tidy: 'services: { tidy: { image: x } }\n' },
  spec: 'ca-certificates: [ ~/ca.pem ]\n',
  authorities: { 'laconic-extra-ca-0.pem': certificate, 'laconic-ca-bundle.pem': certificate },
});

const containersOf = ({ spec }: Workload) => {
  const { containers, initContainers = [] } = spec.template.spec;
  return [...initContainers, ...containers];
};

describe('certificates of authorities', () => {
  it('are in every container, init container and job, with a variable unless the service sets it', () => {
    const { deployments, jobs, errors } = workloads(stack('one'));
    expect(errors).toEqual([]);
    const mount = (file: string) => ({
      name: 'laconic-ca-certs',
      mountPath: `/etc/ssl/certs/${file}`,
      subPath: file,
      readOnly: true,
    });
    const all = ['laconic-extra-ca-0.pem', 'laconic-ca-bundle.pem'].map(mount);
    const env = [{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/ssl/certs/laconic-ca-bundle.pem' }];
    expect([...deployments, ...jobs].flatMap(containersOf)).toEqual([
      expect.objectContaining({ name: 'seed', env, volumeMounts: all }),
      expect.objectContaining({ name: 'web', env, volumeMounts: all }),
      expect.objectContaining({
        name: 'own',
        env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/mine.pem' }],
        volumeMounts: [expect.objectContaining({ name: 'data' }), all[0]],
      }),
      expect.objectContaining({ name: 'tidy', env, volumeMounts: all }),
    ]);
    const { objects } = buildObjects(objectsInput(stack('one')));
    const secret = objects.find(({ metadata }) => metadata.name === `${app}-ca-certificates`);
    expect(Object.keys(secret?.data as object)).toEqual(['laconic-extra-ca-0.pem', 'laconic-ca-bundle.pem']);
  });

  it('cause a rollout when they change', () => {
    const annotations = (certificate: string) =>
      workloads(stack(certificate)).deployments[0]?.spec.template.metadata.annotations;
    expect(annotations('one')).not.toEqual(annotations('two'));
  });
});
