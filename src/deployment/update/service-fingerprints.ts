import { isAbsolute, join } from 'node:path';
import { definitionPrint, envFilePrint, followedBy, type ServicePrint, withValues } from '../../compose/fingerprint.js';
import type { Stack } from '../../stack/parse.js';
import { isExplained } from '../../system/errors.js';
import { listOf, mapOf } from '../../system/plain-map.js';
import { parseYaml } from '../../system/yaml/yaml.js';
import {
  definitionOf,
  lineOf,
  placeOf,
  podPath,
  type ReadComposeFile,
  readDeployedFiles,
  type UsedService,
} from '../compose/compose-files.js';
import { composeValues } from '../compose/compose-values.js';
import type { DeploymentLayout } from '../directory/layout.js';
import { type FileReader, hostReader } from '../directory/files.js';
import { podOverrides } from '../create/spec-overrides.js';

type Lookup = (name: string) => string | undefined;

/**
 * Everything in the directory that determines the containers of each service: definition, values, env files, mounted
 * single files, volumes. The engine is not asked.
 * @param env the environment of this process, for names that the spec does not set
 * @param reader reads the directory as it will be; absent: as it is
 * @returns undefined if the files do not allow it, for example if Compose could not read them either
 */
export async function servicePrints(
  layout: DeploymentLayout,
  stack: Stack,
  env: NodeJS.ProcessEnv,
  reader: FileReader = hostReader,
): Promise<Map<string, ServicePrint> | undefined> {
  try {
    const paths = stack.pods.map((pod) => podPath(pod.name));
    const { files, variables, unknown, missing } = await readDeployedFiles(layout.root, paths, reader);
    const complete = paths.every((path) => files.some((read) => read.path === path));
    if (!complete || unknown.length + missing.length > 0) return undefined;
    const { lookup } = await composeValues(
      { read: async (path) => Buffer.from((await reader.text(join(layout.root, path))) ?? '') },
      env,
    );
    const overrides = await overridesIn(layout, reader);
    const beside = await Promise.all(variables.map(({ source }) => reader.text(source)));
    const prints = new Map<string, ServicePrint>();
    for (const read of files.filter(({ role }) => role !== 'extends')) {
      for (const service of read.file.services.values()) {
        const line = lineOf(files, read, service.name);
        const variables = new Set<string>();
        const noted: Lookup = (name) => {
          variables.add(name);
          return lookup(name);
        };
        const parts = await Promise.all(line.map((part) => printOf(part, files, { layout, lookup: noted, reader })));
        const override = definitionPrint(overrides[service.name], noted);
        const text = JSON.stringify([parts, read.role === 'include' ? beside : [], override]);
        prints.set(service.name, { text, follows: line.flatMap((part) => followedBy(definitionOf(part))), variables });
      }
    }
    return prints;
  } catch (error) {
    // Unreadable files are left to the start to report.
    if (isExplained(error)) return undefined;
    throw error;
  }
}

/** The settings of the spec that override compose files, by service. */
async function overridesIn({ root }: DeploymentLayout, reader: FileReader): Promise<Readonly<Record<string, unknown>>> {
  const path = join(root, podOverrides);
  const text = await reader.text(path);
  return text === undefined ? {} : mapOf(mapOf(parseYaml(text, path).value).services);
}

async function printOf(
  part: UsedService,
  files: readonly ReadComposeFile[],
  { layout, lookup, reader }: { layout: DeploymentLayout; lookup: Lookup; reader: FileReader },
): Promise<unknown> {
  const { read, service } = part;
  const hostPath = (path: string): string | undefined => {
    const place = placeOf(read, path);
    if (place === undefined) return undefined;
    return isAbsolute(place) ? place : join(layout.root, place);
  };
  const checksum = async (path: string | undefined): Promise<string | undefined> => {
    const place = path === undefined ? undefined : hostPath(path);
    return place === undefined ? undefined : reader.checksum(place);
  };
  const envFiles = await Promise.all(
    service.envFiles.map(async (path) => {
      const place = hostPath(path);
      const text = place === undefined ? undefined : await reader.text(place);
      return text === undefined ? null : envFilePrint(text, path, lookup);
    }),
  );
  const mounted = await Promise.all(
    service.mounts.map(async ({ kind, source }) => {
      if (kind === 'bind') return checksum(source);
      return kind === 'volume' && source !== undefined ? withValues(topLevel(files, 'volumes', source), lookup) : null;
    }),
  );
  const definition = definitionOf(part);
  const copied = await Promise.all(
    (['configs', 'secrets'] as const).flatMap((section) =>
      sourcesOf(mapOf(definition)[section]).map(async (name) => {
        const found = topLevel(files, section, name);
        const { file, environment } = mapOf(found);
        return [
          withValues(found, lookup),
          typeof file === 'string' ? await checksum(file) : null,
          typeof environment === 'string' ? lookup(environment) : null,
        ];
      }),
    ),
  );
  return [definitionPrint(definition, lookup), envFiles, mounted, copied];
}

function topLevel(files: readonly ReadComposeFile[], section: string, name: string): unknown {
  const found = files.find((read) => name in mapOf(mapOf(read.file.yaml.value)[section]));
  return found === undefined ? undefined : mapOf(mapOf(found.file.yaml.value)[section])[name];
}

/** The names in a service's `configs` or `secrets`, in short or long form. */
function sourcesOf(list: unknown): string[] {
  return listOf(list)
    .map((item) => (typeof item === 'string' ? item : mapOf(item).source))
    .filter((name) => typeof name === 'string');
}
