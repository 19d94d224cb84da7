import { describe, expect, it } from 'vitest';
import { caddySettings, type LiveCaddy } from '../../../src/deployers/kubernetes/kind/caddy.js';
import { caddyName, caddyObjects, defaultCaddyImage } from '../../../src/deployers/kubernetes/kind/caddy-manifest.js';

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

describe('what Caddy is to be like', () => {
  it('has the one default image where nobody chose another', () => {
    expect(caddySettings({}, {})).toMatchObject({ image: defaultCaddyImage, imageFrom: 'default', email: '' });
    expect(caddySettings(live('an/older:1', 'default'), {}).image).toBe(defaultCaddyImage);
  });

  it("keeps another deployment's image, and what the Python program left, where the spec names none", () => {
    expect(caddySettings(live('mine:1', 'spec'), {})).toMatchObject({ image: 'mine:1', imageFrom: 'spec' });
    expect(caddySettings(live('mine:1'), {})).toMatchObject({ image: 'mine:1', imageFrom: 'spec' });
    expect(caddySettings(live(defaultCaddyImage), {}).imageFrom).toBe('default');
  });

  it('takes the image and the e-mail address that the spec names', () => {
    const found = caddySettings(live('mine:1', 'spec', { email: 'a@b.example' }), {
      image: 'new:2',
      email: 'c@d.example',
    });
    expect(found).toMatchObject({ image: 'new:2', imageFrom: 'spec', email: 'c@d.example' });
  });

  it('keeps the e-mail address and the authority that are there', () => {
    const found = caddySettings(live('x', 'default', { email: 'a@b.example', acmeCA: 'https://staging.example' }), {});
    expect(found).toMatchObject({ email: 'a@b.example', acmeAuthority: 'https://staging.example' });
  });
});

describe('the objects of Caddy', () => {
  const objects = caddyObjects({ image: 'i:1', imageFrom: 'spec', email: 'e', acmeAuthority: 'a' });
  const find = (kind: string) => objects.find((object) => object.kind === kind);

  it('come in the order in which they depend on each other', () => {
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

  it('never pull what is there already, so that a preloaded image will do', () => {
    expect(JSON.stringify(find('Deployment'))).toContain('"imagePullPolicy":"IfNotPresent"');
  });

  it('write secrets in their own namespace only', () => {
    const rules = find('ClusterRole')?.rules as { resources: string[]; verbs: string[] }[];
    const onSecrets = rules.filter(({ resources }) => resources.includes('secrets'));
    expect(onSecrets.flatMap(({ verbs }) => verbs)).toEqual(['get', 'list', 'watch']);
    expect(find('Role')?.metadata.namespace).toBe('caddy-system');
  });
});
