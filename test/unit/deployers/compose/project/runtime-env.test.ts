import { describe, expect, it } from 'vitest';
import { testContext } from '../../../../support/context.js';
import { composeEnvironment, engineFlags } from '../../../../../src/deployers/compose/project/runtime-env.js';

const withContext = {
  HOME: '/home/me',
  DOCKER_CONTEXT: 'far',
  DOCKER_TLS_VERIFY: '1',
  DOCKER_CERT_PATH: '/certs',
};
const operator = { ...withContext, DOCKER_HOST: 'ssh://me@host' };

describe("the operator's engine settings are kept when the spec sets docker's own variables", () => {
  it.each<[string, NodeJS.ProcessEnv, string[]]>([
    ['ANYTHING=else\n', operator, []],
    ['DOCKER_HOST=tcp://other\n', operator, ['--host=ssh://me@host']],
    ['DOCKER_HOST=tcp://other\n', withContext, []],
    ['DOCKER_CONTEXT=other\n', withContext, ['--context=far']],
    ['DOCKER_CONTEXT=other\n', operator, []],
    ['HOME=/other\n', operator, ['--config=/home/me/.docker']],
    ['HOME=/other\n', { ...operator, DOCKER_CONFIG: '/config' }, ['--config=/config']],
    ['DOCKER_TLS_VERIFY=\n', operator, ['--tlsverify']],
    [
      'DOCKER_CERT_PATH=/x\n',
      operator,
      ['--tlscacert=/certs/ca.pem', '--tlscert=/certs/cert.pem', '--tlskey=/certs/key.pem'],
    ],
  ])('%s', (text, env, flags) => {
    expect(engineFlags([{ path: 'config.env', text }], { env })).toEqual(flags);
  });
});

describe('the environment of docker compose', () => {
  it("has this user's ids in place of those of the shell, and nothing that the env files set", () => {
    const context = testContext('/', {}, { CERC_HOST_UID: 'shell', CERC_HOST_GID: 'shell', A: 'shell', B: 'shell' });
    const env = composeEnvironment([{ path: 'config.env', text: 'A=1\nCERC_HOST_GID=7\n' }], context);
    expect(env).toEqual({ CERC_HOST_UID: String(process.getuid?.()), B: 'shell' });
  });
});
