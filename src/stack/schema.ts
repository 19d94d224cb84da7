import * as z from 'zod/mini';
import { insidePathProblem, nameProblem } from '../system/files/path-names.js';
import { list, map, mustBe, section, textCheck } from '../system/yaml/schema.js';
import { quote } from '../system/yaml/yaml.js';

const name = (what: string) => z.string(mustBe(what)).check(textCheck(nameProblem));

/** Text that is later an argument of git, docker or npm: a single word, not an option. */
const word = (what: string) =>
  z.string(mustBe(what)).check(
    textCheck((value) => {
      if (value === '') return 'must not be empty';
      return /^-|[\s\p{Cc}'"\\]/u.test(value)
        ? `must be ${what} without spaces, quotes or a leading "-", found ${quote(value)}`
        : undefined;
    }),
  );

/** Informational only, not read: text, or a number such as `1.1`. */
const remark = z.nullish(z.union([z.string(), z.number(), z.boolean()], mustBe('text')));

/** A name that becomes part of `export-<name>.sh` and `import-<name>.sh` in a container. */
const transferName = z
  .string()
  .check(
    textCheck((value) =>
      /^\w[\w.-]*$/.test(value) ? undefined : `${quote(value)} is not a name: letters, digits, ".", "_" and "-"`,
    ),
  );

/** `<source service>.<source variable>`; the variable is the part after the last dot. */
const transferSource = z
  .string(mustBe('<service>.<variable>'))
  .check(
    textCheck((value) =>
      /^\w[\w.-]*\.\w[\w-]*$/.test(value) ? undefined : `must be <service>.<variable>, found ${quote(value)}`,
    ),
  );

/** `stack.yml` as written; the items of `pods` and `jobs` have two notations each and are checked one by one. */
export const stackShape = z.object(
  {
    version: remark,
    name: remark,
    description: remark,
    repos: list(word('a repository'), 'repositories'),
    containers: list(word('an image name'), 'image names'),
    npms: list(word('a package name'), 'package names'),
    pods: list(z.unknown(), 'pods'),
    jobs: list(z.unknown(), 'jobs'),
    config: map(
      map(transferSource, 'variables to <service>.<variable>', transferName),
      'services to variables',
      transferName,
    ),
    hooks: section(
      { start: section({ compose: z.nullish(z.boolean(mustBe('true or false'))) }, 'a map with compose') },
      'a map with start',
    ),
  },
  mustBe('a map of keys such as name and pods'),
);

/** A pod or job as plain text: its name. */
export const nameItem = name('a name');

/** Why this is not `[host/]org/repo[@ref]` with a last part that is a valid folder name; undefined if it is. */
function repositoryProblem(value: string): string | undefined {
  if (value === '' || value === 'internal') return undefined;
  const at = value.indexOf('@');
  const repository = at < 0 ? value : value.slice(0, at);
  const ref = at < 0 ? undefined : value.slice(value.lastIndexOf('@') + 1);
  const parts = repository.split('/');
  if (!parts.every((part) => /^[A-Za-z0-9~][A-Za-z0-9._:~-]*$/.test(part)) || nameProblem(parts.at(-1) ?? '')) {
    return `must be [host/]org/repository[@ref], found ${quote(value)}`;
  }
  if (ref !== undefined && !/^[A-Za-z0-9_.][A-Za-z0-9_./+#-]*$/.test(ref)) {
    return `${quote(ref)} after "@" is not a branch, tag or commit`;
  }
  return undefined;
}

const inside = (what: string) => z.string(mustBe(what)).check(textCheck(insidePathProblem));

const script = z.nullish(
  z
    .string(mustBe('the path of a script'))
    .check(textCheck((value) => (value === '' ? undefined : insidePathProblem(value)))),
);

/** A pod as a map. */
export const podItem = z.object(
  {
    name: name('the name of the pod'),
    repository: z.nullish(z.string(mustBe('[host/]org/repository or internal')).check(textCheck(repositoryProblem))),
    path: z.nullish(inside('a folder of the repository')),
    pre_start_command: script,
    post_start_command: script,
  },
  mustBe('the name of a pod, or a map with name, repository and path'),
);

/** A job as a map: only its name is read. */
export const jobItem = z.object({ name: name('the name of the job') }, mustBe('the name of a job'));
