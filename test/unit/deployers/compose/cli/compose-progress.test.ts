import { describe, expect, it } from 'vitest';
import { parseComposeLine } from '../../../../../src/deployers/compose/cli/compose-progress.js';
import { serviceOfContainer } from '../../../../../src/deployers/compose/start/up.js';
import { parseModel } from '../../../../../src/deployers/compose/cli/project-model.js';

describe('progress lines of docker compose', () => {
  it.each([
    [' Container p-web-1  Starting', { kind: 'step', subject: 'Container', name: 'p-web-1', state: 'Starting' }],
    [' Container p-web-1 Started ', { kind: 'step', subject: 'Container', name: 'p-web-1', state: 'Started' }],
    [' Network p_default  Creating', { kind: 'step', subject: 'Network', name: 'p_default', state: 'Creating' }],
    [' Volume "p_data"  Created', { kind: 'step', subject: 'Volume', name: '"p_data"', state: 'Created' }],
    [' web Pulling ', { kind: 'step', subject: 'Image', name: 'web', state: 'Pulling' }],
    [
      '\u001b[32m Container p-web-1  Healthy\u001b[0m',
      { kind: 'step', subject: 'Container', name: 'p-web-1', state: 'Healthy' },
    ],
    [
      'time="2026-11-22T13:52:45Z" level=warning msg="The \\"FOO\\" variable is not set. Defaulting to a blank string."',
      { kind: 'warning', text: 'The "FOO" variable is not set. Defaulting to a blank string.' },
    ],
    ['Error response from daemon: no', { kind: 'other', text: 'Error response from daemon: no' }],
    [
      ' a Error Get "https://x/v2/": no such host',
      { kind: 'other', text: ' a Error Get "https://x/v2/": no such host' },
    ],
  ])('%s', (line, parsed) => {
    expect(parseComposeLine(line)).toEqual(parsed);
  });

  it('are assigned to the right service when one service name is a prefix of another', () => {
    const model = parseModel(
      JSON.stringify({ services: { web: {}, 'web-2': {}, own: { container_name: 'special' } } }),
      { name: 'p', env: {} },
    );
    const names = ['p-web-1', 'p-web-2-1', 'special', 'p-webx-1', 'other-web-1'];
    expect(names.map((name) => serviceOfContainer(model, name))).toEqual(['web', 'web-2', 'own', undefined, undefined]);
  });
});
