import { describe, expect, it } from 'vitest';
import { identity, parseUsableSpec, usedOnCompose } from '../../../src/spec/usable-sections.js';
import { formatProblem } from '../../../src/system/errors.js';
import { problemsOf } from '../../support/problems.js';

const text = `# mine
stack: shop
deploy-to: compose
config:
  A:
replicas: many
annotations: {a: [1]}
namespace: ok
`;

describe('the spec of an existing deployment', () => {
  it('is used without the parts that are invalid, and its file is not changed', () => {
    const { spec, ignored } = parseUsableSpec(text, 'spec.yml', identity);
    expect(ignored.map((problem) => formatProblem(problem).replace(/: .*/, ''))).toEqual([
      'spec.yml:5 config.A',
      'spec.yml:6 replicas',
      'spec.yml:7 annotations.a',
    ]);
    expect(spec).toMatchObject({ stack: 'shop', namespace: 'ok' });
    expect(spec.config.size).toBe(0);
    expect(spec.yaml.text).toBe(text);
    expect(spec.yaml.lineOf(['namespace'])).toBe(8);
  });

  it('is refused with every problem when a required section is invalid', () => {
    expect(problemsOf(() => parseUsableSpec(text, 'spec.yml', usedOnCompose))).toHaveLength(3);
    expect(problemsOf(() => parseUsableSpec('stack: [a]\ndeploy-to: compose\n', 'spec.yml', identity))).toHaveLength(1);
    expect(problemsOf(() => parseUsableSpec('stack: a\ndeploy-to: komposed\n', 'spec.yml', identity))).toHaveLength(1);
  });

  it('without deploy-to is used for compose, with a warning', () => {
    const { spec, ignored } = parseUsableSpec('stack: shop\nreplicas: many\n', 'spec.yml', identity);
    expect(spec.deployTo).toBe('compose');
    expect(ignored.map((problem) => problem.key).sort()).toEqual(['deploy-to', 'replicas']);
  });

  it('causes no warning when it is valid', () => {
    expect(parseUsableSpec('stack: a\ndeploy-to: compose\n', 'spec.yml', identity).ignored).toEqual([]);
  });
});
