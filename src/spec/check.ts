import type { Problem } from '../system/errors.js';
import type { UnknownKey } from '../system/yaml/schema.js';
import { didYouMean, nearMiss } from '../system/suggest.js';
import type { KeyPath } from '../system/yaml/yaml.js';
import type { Spec } from './model.js';

/** Names in the compose files of a stack (pods and jobs). */
export interface StackFacts {
  services: ReadonlySet<string>;
  /** Top-level volumes. */
  volumes: ReadonlySet<string>;
  /** Variables that at least one service mentions. */
  mentioned: ReadonlySet<string>;
  /** Those of them that have no default and are not set anywhere. */
  unset: ReadonlySet<string>;
}

/**
 * Finds names in a spec that its stack does not have, and the reverse. None of them was ever fatal: a near miss is an
 * error at create, everything else a warning.
 */
export function checkAgainstStack(spec: Spec, facts: StackFacts): UnknownKey[] {
  return [
    ...serviceReferences(spec).flatMap(({ name, path }) => unknownName(spec, path, name, 'service', facts.services)),
    ...volumeReferences(spec).flatMap(({ name, path }) => unknownName(spec, path, name, 'volume', facts.volumes)),
    ...unplacedVolumes(spec, facts.volumes).map((problem) => ({ problem })),
    ...uselessConfigmaps(spec).map((problem) => ({ problem })),
    ...unmentioned(spec, facts).map((problem) => ({ problem })),
  ];
}

interface Reference {
  name: string;
  path: KeyPath;
}

function serviceReferences(spec: Spec): Reference[] {
  const named = (names: Iterable<string>, path: KeyPath): Reference[] =>
    [...names].map((name) => ({ name, path: [...path, name] }));
  const routes = spec.httpProxy.flatMap((proxy, index) =>
    proxy.routes.map((route, position) => ({
      name: route.service,
      path: ['network', 'http-proxy', index, 'routes', position, 'proxy-to'],
    })),
  );
  const maintenance = spec.maintenanceService;
  return [
    ...named(spec.ports.keys(), ['network', 'ports']),
    ...routes,
    ...named(spec.resources.containers.named.keys(), ['resources', 'containers']),
    ...named(spec.imageOverrides.keys(), ['image-overrides']),
    ...(maintenance ? [{ name: maintenance.service, path: ['maintenance-service'] }] : []),
  ];
}

function volumeReferences(spec: Spec): Reference[] {
  const sections: [KeyPath, Iterable<string>][] = [
    [['volumes'], spec.volumes.keys()],
    [['configmaps'], spec.configmaps.keys()],
    [['resources', 'volumes'], spec.resources.volumes.named.keys()],
  ];
  return sections.flatMap(([path, names]) => [...names].map((name) => ({ name, path: [...path, name] })));
}

function unknownName(
  spec: Spec,
  path: KeyPath,
  name: string,
  kind: 'service' | 'volume',
  known: ReadonlySet<string>,
): UnknownKey[] {
  if (known.has(name)) return [];
  const near = nearMiss(name, known);
  if (near !== undefined) {
    const message = `the stack has no ${kind} "${name}", did you mean "${near}"?`;
    return [{ problem: spec.yaml.problem(path, message), nearMiss: near }];
  }
  const all = known.size === 0 ? `it has no ${kind}s` : `its ${kind}s are ${[...known].sort().join(', ')}`;
  return [{ problem: spec.yaml.problem(path, `the stack has no ${kind} "${name}": ${all}`) }];
}

/** Volumes of the stack without an entry in the spec, such as those of a pod that was added later. */
function unplacedVolumes(spec: Spec, volumes: ReadonlySet<string>): Problem[] {
  const effect =
    spec.deployTo === 'compose'
      ? 'it becomes a volume of the engine, outside the deployment directory'
      : "it becomes a volume of the cluster's default storage class";
  return [...volumes]
    .filter((name) => !spec.volumes.has(name) && !spec.configmaps.has(name))
    .map((name) => spec.yaml.problem(['volumes'], `the volume "${name}" of the stack is not here: ${effect}`));
}

/** On Compose, `configmaps:` does not mount anything. */
function uselessConfigmaps(spec: Spec): Problem[] {
  if (spec.deployTo !== 'compose' || spec.configmaps.size === 0) return [];
  return [
    spec.yaml.problem(['configmaps'], 'ConfigMaps not supported for compose: give these volumes a path in volumes'),
  ];
}

/** Names in `config:` that no service mentions: on Compose only interpolated values reach a container. */
function unmentioned(spec: Spec, { mentioned, unset }: StackFacts): Problem[] {
  const effect = spec.deployTo === 'compose' ? 'no container gets it' : 'every container gets it';
  return [...spec.config.keys()]
    .filter((name) => !mentioned.has(name))
    .map((name) => {
      const why = /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
        ? `no service mentions \${${name}}`
        : 'compose files can only mention names of letters, digits and "_"';
      return spec.yaml.problem(['config', name], `${why}: ${effect}${didYouMean(name, unset)}`);
    });
}
