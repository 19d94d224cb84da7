import { text as readAll } from 'node:stream/consumers';
import { type Credentials, dockerLogin } from '../images/credentials.js';
import { containerScope } from '../stack/scope.js';
import { selectNames, reportSelection } from '../stack/select.js';
import type { Context } from '../system/context.js';
import { UsageError } from '../system/errors.js';
import { fetchContainers, type FetchResult, type ImageSource, parseImageSource } from './fetch-containers.js';

/** The options of `fetch-containers` as typed. */
export interface FetchOptions {
  imageRegistry: string;
  registryUsername?: string;
  /** On the command line, where every user of the machine can read it. */
  registryToken?: string;
  registryTokenStdin: boolean;
  forceLocalOverwrite: boolean;
  include?: string;
  exclude?: string;
}

/** The result of `fetch-containers`, as `--format json` prints it. */
export interface FetchOutcome {
  registry: string;
  /** Whether all of the images are on this host in the end. */
  complete: boolean;
  containers: readonly FetchResult[];
}

const tokenVariable = 'LACONIC_SO_REGISTRY_TOKEN';
const userVariable = 'LACONIC_SO_REGISTRY_USERNAME';

/**
 * `fetch-containers`: fetches the images of a stack, without a stack the bundled ones, from a registry instead of
 * building them.
 */
export async function fetchStackContainers(options: FetchOptions, context: Context): Promise<FetchOutcome> {
  const { report } = context;
  const source = parseImageSource(options.imageRegistry);
  const { containers, loaded } = await containerScope(context);
  const selection = selectNames(containers, options);
  reportSelection(selection, report);

  const credentials = context.options.dryRun ? undefined : await credentialsFor(source, options, context);
  const force = options.forceLocalOverwrite;
  const fetched =
    selection.selected.length === 0
      ? []
      : await fetchContainers(selection.selected, source, { credentials, force }, context);
  const lacking = fetched.filter((result) => !isThere(result)).map(({ container }) => container);
  if (lacking.length > 0) {
    const missing = `${lacking.length} of its images are missing: ${lacking.join(', ')}`;
    report.warn(loaded === undefined ? `not fetched: ${lacking.join(', ')}` : `the stack will not deploy: ${missing}`);
  }
  return { registry: options.imageRegistry, complete: lacking.length === 0, containers: fetched };
}

function isThere({ outcome }: FetchResult): boolean {
  return outcome !== 'missing' && outcome !== 'failed';
}

/**
 * The credentials: from the options, else those of `docker login`, else none.
 * @throws UsageError
 */
async function credentialsFor(
  { registry }: ImageSource,
  options: FetchOptions,
  { env, report, options: { quiet } }: Context,
): Promise<Credentials | undefined> {
  const username = options.registryUsername ?? env[userVariable] ?? '';
  const password = await tokenFrom(options, env);
  if (options.registryToken !== undefined) {
    report.warn(
      `--registry-token: every user of this machine can read a command line; use ${tokenVariable} or --registry-token-stdin`,
    );
  }
  if (username === '' && password === '') return dockerLogin(registry, env);
  if (username === '')
    throw new UsageError(`a token is given without a user: add --registry-username (or ${userVariable})`);
  if (password === '') {
    throw new UsageError(
      `--registry-username is given without a token: set ${tokenVariable}, or use --registry-token-stdin`,
    );
  }
  report.conceal([password]);
  // Scripts rely on this line; the login is not stored.
  if (!quiet) report.print('Logging into container registry:');
  return { username, password };
}

async function tokenFrom({ registryToken, registryTokenStdin }: FetchOptions, env: NodeJS.ProcessEnv): Promise<string> {
  if (registryToken !== undefined && registryTokenStdin) {
    throw new UsageError('--registry-token and --registry-token-stdin cannot be used together');
  }
  if (registryToken !== undefined) return registryToken;
  if (!registryTokenStdin) return env[tokenVariable] ?? '';
  if (process.stdin.isTTY) throw new UsageError('--registry-token-stdin: pass the token through a pipe or from a file');
  return (await readAll(process.stdin)).trim();
}
