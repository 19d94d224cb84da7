import { parseComposeFile, type ComposeService } from '../../../compose/document/file.js';
import { formatProblem } from '../../../system/errors.js';
import { readText } from '../../../system/files/files.js';
import type { KeyPath } from '../../../system/yaml/yaml.js';
import type { ComposeProject } from '../cli/project.js';

/** A setting of a service: its key below the service, and its value as written. */
export interface ComposeSetting {
  key: KeyPath;
  value: string;
}

/**
 * Where the compose files define a setting of a service, for messages: `FILE:LINE KEY: VALUE`. The last file is
 * searched first, as it takes precedence. Undefined if no file contains it directly (`extends`, `include`).
 */
export async function placeInFiles(
  { files }: Pick<ComposeProject, 'files'>,
  service: string,
  find: (service: ComposeService) => ComposeSetting | undefined,
): Promise<string | undefined> {
  for (const file of [...files].reverse()) {
    // Compose could read it but our parser cannot: the explanation must work all the same.
    const parsed = await readText(file)
      .then((text) => parseComposeFile(text, file))
      .catch(() => undefined);
    const known = parsed?.services.get(service);
    const setting = known && find(known);
    if (parsed !== undefined && setting !== undefined) {
      return formatProblem(parsed.yaml.problem(['services', service, ...setting.key], setting.value));
    }
  }
  return undefined;
}

/** Where the image of a service is defined; see {@link placeInFiles}. */
export async function placeOfImage(
  project: Pick<ComposeProject, 'files'>,
  service: string,
): Promise<string | undefined> {
  return placeInFiles(project, service, ({ image }) =>
    image === undefined ? undefined : { key: ['image'], value: image },
  );
}
