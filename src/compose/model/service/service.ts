import { quote } from '../../../system/yaml/yaml.js';
import { splitWords } from '../../syntax/shell-words.js';
import type { Cursor } from '../cursor.js';
import { readDependencies } from './dependencies.js';
import { readDeploy } from './deploy.js';
import { type EnvFileReference, type OwnEnvironment, readEnvFiles, readEnvironment } from './environment.js';
import { readFileReferences } from './files.js';
import { readHealthcheck } from './health.js';
import { readExtraHosts } from './hosts.js';
import { readMounts } from './mounts.js';
import { readPorts } from './ports.js';
import { otherTextKeys, serviceKeys } from './service-keys.js';
import type { Lookup } from '../tree.js';
import type { ServiceModel } from '../types.js';

/** A service without the variables of its env files, and what is needed to check consistency between services. */
export interface ReadService {
  readonly cursor: Cursor;
  readonly model: Omit<ServiceModel, 'environment' | 'environmentTemplates'>;
  readonly environment: OwnEnvironment;
  readonly envFiles: readonly { reference: EnvFileReference; cursor: Cursor }[];
}

/** Reads a service after `extends` was applied. Everything that Compose would refuse is refused at the cursor. */
export function readService(cursor: Cursor, name: string, lookup: Lookup): ReadService | undefined {
  if (!cursor.checkKeys(serviceKeys)) return undefined;
  const at = (key: string): Cursor | undefined => cursor.at(key);
  const texts = (key: string, options?: { once?: boolean }): string[] => at(key)?.texts(options) ?? [];
  const unique = (key: string): string[] => [...new Set(texts(key))];
  const textOrTexts = (key: string): string[] => at(key)?.textOrTexts() ?? [];
  const flag = (key: string): boolean => at(key)?.boolean() ?? false;
  const healthcheck = at('healthcheck');
  for (const key of otherTextKeys) at(key)?.text();

  const model = {
    name,
    image: at('image')?.text(),
    command: readWords(at('command')),
    entrypoint: readWords(at('entrypoint')),
    ports: present(at('ports'), readPorts) ?? [],
    expose: [
      ...new Set(
        at('expose')
          ?.items()
          .map((item) => item.textOrNumber() ?? ''),
      ),
    ],
    volumes: present(at('volumes'), readMounts) ?? [],
    depends_on: readDependencies(cursor),
    healthcheck: present(healthcheck, readHealthcheck),
    labels: at('labels')?.textMap() ?? new Map<string, string>(),
    deploy: readDeploy(cursor),
    extra_hosts: present(at('extra_hosts'), readExtraHosts) ?? new Map<string, string[]>(),
    user: at('user')?.text(),
    working_dir: at('working_dir')?.text(),
    hostname: at('hostname')?.text(),
    cap_add: unique('cap_add'),
    cap_drop: unique('cap_drop'),
    security_opt: texts('security_opt', { once: true }),
    privileged: flag('privileged'),
    read_only: flag('read_only'),
    init: flag('init'),
    tty: flag('tty'),
    stdin_open: flag('stdin_open'),
    tmpfs: lastOfEach(textOrTexts('tmpfs')),
    shm_size: at('shm_size')?.bytes(),
    network_mode: at('network_mode')?.text(),
    pid: at('pid')?.text(),
    ipc: at('ipc')?.text(),
    restart: at('restart')?.text(),
    stop_signal: at('stop_signal')?.text(),
    stop_grace_period: at('stop_grace_period')?.duration(),
    ulimits: readUlimits(at('ulimits')),
    sysctls: at('sysctls')?.textMap() ?? new Map<string, string>(),
    dns: [...new Set(textOrTexts('dns').filter((address) => address !== ''))],
    dns_search: [...new Set(textOrTexts('dns_search'))],
    group_add:
      at('group_add')
        ?.items()
        .map((item) => item.textOrNumber() ?? '') ?? [],
    secrets: readReferences(at('secrets'), 'secrets'),
    configs: readReferences(at('configs'), 'configs'),
    profiles: unique('profiles'),
    pull_policy: readPullPolicy(at('pull_policy')),
    platform: at('platform')?.text(),
    keys: new Set(cursor.tree.kind === 'map' ? cursor.tree.entries.keys() : []),
  };
  return {
    cursor,
    model,
    environment: readEnvironment(at('environment'), lookup),
    envFiles: present(at('env_file'), readEnvFiles) ?? [],
  };
}

function present<T>(cursor: Cursor | undefined, read: (cursor: Cursor) => T): T | undefined {
  return cursor === undefined ? undefined : read(cursor);
}

/**
 * Of texts that are equal up to a `=`, the last one at the position of the first: this is how Compose reads `tmpfs`,
 * whose options contain a `=`.
 */
function lastOfEach(texts: readonly string[]): string[] {
  return [...new Map(texts.map((text) => [text.split('=', 1)[0], text])).values()];
}

function readReferences(
  section: Cursor | undefined,
  kind: 'secrets' | 'configs',
): ReturnType<typeof readFileReferences> {
  return section === undefined ? [] : readFileReferences(section, kind);
}

/**
 * Reads `command` or `entrypoint`: a list of words, or a text that Compose splits like a shell. An empty one clears the
 * image's own.
 */
function readWords(cursor: Cursor | undefined): readonly string[] | undefined {
  if (cursor === undefined) return undefined;
  if (!cursor.isText) return cursor.texts();
  const text = cursor.text() ?? '';
  const split = splitWords(text);
  if (split === undefined)
    return cursor.refuse(`${quote(text)} has quotes or brackets that do not close: write a list`);
  if (split.ignored !== undefined) {
    const meant = 'Compose runs no shell: write ["sh", "-c", "…"]';
    cursor.warn(`everything from ${quote(split.ignored)} on is ignored: ${meant}`);
  }
  return split.words;
}

function readPullPolicy(cursor: Cursor | undefined): string | undefined {
  const text = cursor?.text();
  if (
    text === undefined ||
    /^(?:always|never|build|if_not_present|missing|refresh|daily|weekly|every_(?:\d+[wdhms])+)$/.test(text)
  ) {
    return text === 'if_not_present' ? 'missing' : text;
  }
  return cursor?.refuse(`must be always, missing, never, build, daily, weekly or every_<time>, found ${quote(text)}`);
}

function readUlimits(section: Cursor | undefined): Map<string, { soft: number; hard: number }> {
  const limits = new Map<string, { soft: number; hard: number }>();
  for (const [name, cursor] of section?.entries() ?? []) {
    if (cursor.tree.kind !== 'map') {
      const limit = cursor.integer();
      if (limit !== undefined) limits.set(name, { soft: limit, hard: limit });
      continue;
    }
    cursor.checkKeys(['soft', 'hard']);
    const [soft, hard] = ['soft', 'hard'].map((key) => cursor.at(key)?.integer());
    if (cursor.at('soft') === undefined || cursor.at('hard') === undefined) cursor.refuse('needs both soft and hard');
    if (soft !== undefined && hard !== undefined) limits.set(name, { soft, hard });
  }
  return limits;
}
