import { dirname } from 'node:path';
import { readTextIfAny } from '../../system/files/files.js';
import { readBuildWords } from './docker-build-args.js';
import { imagesOfDockerfile } from './dockerfile.js';
import { imageOf } from './image-name.js';
import { wordsOfPlainScript } from './plain-script.js';
import type { BuildRecipe } from './recipe.js';

/** What is known about a build before it runs. */
export interface BuildNeeds {
  /** The image it creates. */
  image: string;
  /** The images it is built from; undefined: unknown, it may use any image and create others. */
  from?: ReadonlySet<string> | undefined;
}

/**
 * Determines from its files which images a build uses. If in doubt they are unknown, and the build runs alone.
 * @param variables see `buildVariables`
 */
export async function needsOf(
  container: string,
  recipe: BuildRecipe,
  variables: Readonly<Record<string, string>>,
): Promise<BuildNeeds> {
  const image = imageOf(container);
  const extra = (variables.CERC_CONTAINER_EXTRA_BUILD_ARGS ?? '').split(/\s+/).filter((word) => word !== '');
  const own = { ...variables, CERC_DEFAULT_CONTAINER_IMAGE_TAG: image };
  const words =
    recipe.kind === 'Dockerfile'
      ? ['-t', image, ...extra, dirname(recipe.file)]
      : wordsOfPlainScript((await readTextIfAny(recipe.file)) ?? '', recipe.file, own, extra);
  const build = words === undefined ? undefined : readBuildWords(words);
  if (build === undefined || build.tags.some((tag) => tag !== image)) return { image };
  const text = await readTextIfAny(build.dockerfile);
  const from = text === undefined ? undefined : imagesOfDockerfile(text, build.given);
  return from === undefined ? { image } : { image, from };
}
