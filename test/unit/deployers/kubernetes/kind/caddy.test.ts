import { describe, expect, it } from 'vitest';
import { caddySettings, type LiveCaddy } from '../../../../../src/deployers/kubernetes/kind/caddy.js';
import {
  caddyName,
  caddyObjects,
  defaultCaddyImage,
} from '../../../../../src/deployers/kubernetes/kind/caddy-manifest.js';

function live(image: string, imageFrom?: string, data: Record<string, string> = {}): LiveCaddy {
  const identity = { uid: 'u', resourceVersion: '1' };
  const annotations: Record<string, string> =
    imageFrom === undefined ? {} : { 'laconic.com/caddy-image-from': imageFrom };
  return {
    deployment: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: caddyName, ...identity, annotations },
      spec: { template: { spec: { containers: [{ name: caddyName, image }] } } },
    },
    configMap: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', ...identity }, data },
  };
}

describe('the settings of Caddy', () => {
  it('have the default image when none is chosen', () => {
    expect(caddySettings({}, {})).toMatchObject({ image: defaultCaddyImage, imageFrom: 'default', email: '' });
    expect(caddySettings(live('an/older:1', 'default'), {}).image).toBe(defaultCaddyImage);
  });

  it('keep the image of another deployment or of the Python program when the spec names none', () => {
    expect(caddySettings(live('mine:1', 'spec'), {})).toMatchObject({ image: 'mine:1', imageFrom: 'spec' });
    expect(caddySettings(live('mine:1'), {})).toMatchObject({ image: 'mine:1', imageFrom: 'spec' });
    expect(caddySettings(live(defaultCaddyImage), {}).imageFrom).toBe('default');
  });

  it('take the image and the e-mail address from the spec', () => {
    const found = caddySettings(live('mine:1', 'spec', { email: 'a@b.example' }), {
      image: 'new:2',
      email: 'c@d.example',
    });
    expect(found).toMatchObject({ image: 'new:2', imageFrom: 'spec', email: 'c@d.example' });
  });

  it('keep the existing e-mail address and certificate authority', () => {
    const found = caddySettings(live('x', 'default', { email: 'a@b.example', acmeCA: 'https://staging.example' }), {});
    expect(found).toMatchObject({ email: 'a@b.example', acmeAuthority: 'https://staging.example' });
  });
});

describe('the objects of Caddy', () => {
  const objects = caddyObjects({ image: 'i:1', imageFrom: 'spec', email: 'e', acmeAuthority: 'a' });
  const find = (kind: string) => objects.find((object) => object.kind === kind);

  it('are in the order in which they depend on each other', () => {
    expect(objects.map(({ kind }) => kind)).toEqual([
      'Namespace',
      'ServiceAccount',
      'ClusterRole',
      'ClusterRoleBinding',
      'Role',
      'RoleBinding',
      'ConfigMap',
      'Service',
      'IngressClass',
      'Deployment',
    ]);
  });

  it('never pull an image that is present, so that a preloaded image is used', () => {
    expect(JSON.stringify(find('Deployment'))).toContain('"imagePullPolicy":"IfNotPresent"');
  });

  it('write secrets in their own namespace only', () => {
    const rules = find('ClusterRole')?.rules as { resources: string[]; verbs: string[] }[];
    const onSecrets = rules.filter(({ resources }) => resources.includes('secrets'));
    expect(onSecrets.flatMap(({ verbs }) => verbs)).toEqual(['get', 'list', 'watch']);
    expect(find('Role')?.metadata.namespace).toBe('caddy-system');
  });
});
