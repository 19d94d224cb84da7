import type { FoundManifest, Registry } from './registry.js';

/** The platform of an image or a machine. */
export interface Platform {
  os: string;
  /** `amd64`, `arm64`, … */
  architecture: string;
}

/** An image in a registry. */
export interface RegistryImage {
  tag: string;
  /** Digest of the tag's manifest, or of the whole index if the tag leads to one for several platforms. */
  digest: string;
}

/** The result of {@link newestImage}. */
export interface Newest {
  /** Absent when no tag leads to an image for the platform. */
  image?: RegistryImage;
  /** Newer tags that are not readable, with the reason. */
  broken: { tag: string; why: string }[];
}

/**
 * Finds the newest image of a repository for a platform. Tags are sorted as text, which puts time stamps in order, and
 * the last is tried first. Images for other platforms and other artifacts (a signature, a chart) are skipped.
 */
export async function newestImage(registry: Registry, repository: string, platform: Platform): Promise<Newest> {
  const broken: Newest['broken'] = [];
  for (const tag of newestFirst((await registry.tags(repository)) ?? [])) {
    const found = await registry.manifest(repository, tag);
    if (found === undefined) broken.push({ tag, why: 'the registry lists it but does not have it' });
    else if (!isManifest(found))
      broken.push({ tag, why: 'the registry answers with something that is not a manifest' });
    else if (await runsOn(registry, repository, found, platform)) {
      return { image: { tag, digest: found.digest }, broken };
    }
  }
  return { broken };
}

function isManifest({ manifest: { config, manifests } }: FoundManifest): boolean {
  return config !== undefined || manifests !== undefined;
}

/** Sorts tags as text, the last one first. */
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
    // An index of a single image may omit the platform.
    const found = await registry.manifest(repository, each.digest);
    if (found?.manifest.config !== undefined && (await runsOn(registry, repository, found, platform))) return true;
  }
  if (manifest.config === undefined) return false;
  // Other artifacts (a signature, a chart) have no media type, or one of their own.
  const isImage = /^application\/vnd\.(?:docker\.container\.image|oci\.image\.config)\.v1\+json$/;
  if (!isImage.test(manifest.config.mediaType ?? '')) return false;
  const { os = '', architecture = '' } = await registry.imageConfig(repository, manifest.config.digest);
  return matches({ os, architecture }, platform);
}

function matches(offered: Platform, wanted: Platform): boolean {
  return offered.os === wanted.os && offered.architecture === wanted.architecture;
}
