import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literal } from '../../src/deployers/kubernetes/objects/configuration/expansion.js';
import { cpuQuantity, sizeQuantity } from '../../src/deployers/kubernetes/objects/storage/quantities.js';
import { parseCpus, parseMemory } from '../../src/spec/units.js';
import { podOf } from '../support/kubernetes/kubernetes-objects.js';

/**
 * How the kubelet expands a text, according to the API reference of `env[].value`: `$(NAME)` becomes the value of the
 * variable, or stays when there is none; `$$` becomes `$`.
 */
function kubelet(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? match),
  );
}

describe('text that the kubelet expands', () => {
  const pieces = fc.array(fc.constantFrom('$', '$$', '$(A)', '(A)', '(', ')', 'A', '{A}', 'é', '\n', ' '), {
    maxLength: 12,
  });

  it('is unchanged afterwards, whatever variables there are', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          pieces.map((all) => all.join('')),
          fc.string(),
        ),
        (text) => {
          expect(kubelet(literal(text), new Map([['A', 'value']]))).toBe(text);
        },
      ),
    );
  });
});

describe('amounts sent to the API server', () => {
  const number = fc.tuple(fc.nat(9999), fc.nat(999)).map(([whole, fraction]) => `${whole}.${fraction}`);
  const suffix = fc.constantFrom('', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'm', 'kb', 'GiB', 'b');

  it('are the same number of bytes, in a form that the server keeps', () => {
    fc.assert(
      fc.property(number, suffix, (amount, unit) => {
        const sent = sizeQuantity(`${amount}${unit}`) ?? '';
        expect(parseMemory(sent)).toBe(parseMemory(`${amount}${unit}`));
        expect(sizeQuantity(sent)).toBe(sent);
        expect(sent).toMatch(/^\d+(?:[kMGTPE]|[KMGTPE]i)?$/);
      }),
    );
  });

  it('are CPUs in thousandths, rounded up as the server does', () => {
    fc.assert(
      fc.property(number, fc.constantFrom('', 'm', 'u', 'n'), (amount, unit) => {
        const sent = cpuQuantity(`${amount}${unit}`) ?? '';
        const milli = ((parseCpus(`${amount}${unit}`) ?? 0n) + 999_999n) / 1_000_000n;
        expect(parseCpus(sent.replace(/k$/, '000').replace(/M$/, '000000'))).toBe(milli * 1_000_000n);
        expect(sent).toMatch(/^\d+[mkM]?$/);
      }),
    );
  });
});

describe('order inside a pod', () => {
  const conditions = ['service_started', 'service_healthy', 'service_completed_successfully'] as const;
  // Each service depends on some of those before it, so that there are no circles; the last one keeps running.
  const dependencies = fc.array(fc.array(fc.tuple(fc.nat(), fc.constantFrom(...conditions)), { maxLength: 3 }), {
    minLength: 1,
    maxLength: 7,
  });

  it('puts dependencies first, which have ended or can be awaited where that is required', () => {
    fc.assert(
      fc.property(dependencies, fc.nat(1000), (all, seed) => {
        const services = all.map((wanted, index) => ({
          name: `s${index}`,
          needs: new Map(index === 0 ? [] : wanted.map(([which, condition]) => [`s${which % index}`, condition])),
        }));
        // The order in the file must not matter.
        const shuffled = [...services].sort((a, b) => mixed(a.name, seed) - mixed(b.name, seed));
        const { initContainers = [], containers } = podOf({
          pods: {
            web: shuffled
              .map(({ name, needs }) => serviceText(name, needs))
              .join('\n')
              .replace(/^/, 'services:\n'),
          },
        });
        const started = [...initContainers, ...containers];
        expect(started.map(({ name }) => name).sort()).toEqual(services.map(({ name }) => name).sort());
        const place = new Map(started.map(({ name }, index) => [name, index]));
        for (const { name, needs } of services) {
          for (const [other, condition] of needs) {
            expect(place.get(other)).toBeLessThan(place.get(name) ?? -1);
            const container = initContainers.find((each) => each.name === other);
            if (condition === 'service_completed_successfully') expect(container?.restartPolicy).toBeUndefined();
            if (condition !== 'service_started') expect(container).toBeDefined();
            if (condition === 'service_healthy' && container?.restartPolicy === 'Always') {
              expect(container).toHaveProperty('startupProbe');
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

function serviceText(name: string, needs: ReadonlyMap<string, string>): string {
  const depends = [...needs].map(([other, condition]) => `${other}: { condition: ${condition} }`);
  return `  ${name}: { image: x, healthcheck: { test: [ CMD, ok ] }, depends_on: { ${depends.join(', ')} } }`;
}

/** A permutation determined by the seed. */
function mixed(name: string, seed: number): number {
  return [...`${name}${seed}`].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, seed);
}
