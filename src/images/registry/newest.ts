import type { FoundManifest, Registry } from './registry.js';

/** A kind of machine, as images name it. */
export interface Platform {
  os: string;
  /** `amd64`, `arm64`, … */
  architecture: string;
}

/** An image in a registry. */
export interface RegistryImage {
  tag: string;
  /** Of the tag's manifest; of the whole list where it leads to one for several platforms. */
  digest: string;
}

/** What {@link newestImage} found. */
export interface Newest {
  /** Absent when no tag leads to an image for the platform. */
  image?: RegistryImage;
  /** Newer tags that lead to nothing that can be read, with the reason. */
  broken: { tag: string; why: string }[];
}

/**
 * The newest image of a repository that runs on a platform: tags are sorted as text, which puts time stamps in their
 * order, and the last is asked for first. Images for other platforms, and what is no image (a signature, a chart), do
 * not count.
 */
export async function newestImage(registry: Registry, repository: string, platform: Platform): Promise<Newest> {
  const broken: Newest['broken'] = [];
  for (const tag of newestFirst((await registry.tags(repository)) ?? [])) {
    const found = await registry.manifest(repository, tag);
    if (found === undefined) broken.push({ tag, why: 'the registry lists it and does not have it' });
    else if (!isManifest(found)) broken.push({ tag, why: 'the registry answers with something that is no manifest' });
    else if (await runsOn(registry, repository, found, platform)) {
      return { image: { tag, digest: found.digest }, broken };
    }
  }
  return { broken };
}

function isManifest({ manifest: { config, manifests } }: FoundManifest): boolean {
  return config !== undefined || manifests !== undefined;
}

/** Tags as text, the last first. Pure. */
export function newestFirst(tags: readonly string[]): string[] {
  return [...new Set(tags)].sort((a, b) => (a < b ? 1 : -1));
}

async function runsOn(
  registry: Registry,
  repository: string,
  { manifest }: FoundManifest,
  platform: Platform,
): Promise<boolean> {
  for (const each of manifest.manifests ?? []) {
    if (each.platform !== undefined && matches(each.platform, platform)) return true;
    if (each.platform !== undefined) continue;
    // A list of one image needs not say what it is for.
    const found = await registry.manifest(repository, each.digest);
    if (found?.manifest.config !== undefined && (await runsOn(registry, repository, found, platform))) return true;
  }
  if (manifest.config === undefined) return false;
  // What is no image (a signature, a chart) says nothing, or something of its own.
  const isImage = /^application\/vnd\.(?:docker\.container\.image|oci\.image\.config)\.v1\+json$/;
  if (!isImage.test(manifest.config.mediaType ?? '')) return false;
  const { os = '', architecture = '' } = await registry.imageConfig(repository, manifest.config.digest);
  return matches({ os, architecture }, platform);
}

function matches(offered: Platform, wanted: Platform): boolean {
  return offered.os === wanted.os && offered.architecture === wanted.architecture;
}
