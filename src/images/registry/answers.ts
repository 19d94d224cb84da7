import * as z from 'zod/mini';
import { LaconicError } from '../../system/errors.js';
import type { HttpAnswer } from './http.js';

/** A failed request to a registry. */
export class RegistryError extends LaconicError {
  /** The HTTP status of the answer; absent if there was none. */
  readonly status: number | undefined;

  constructor(message: string, options: { status?: number; hint?: string; cause?: unknown } = {}) {
    super(message, options);
    this.status = options.status;
  }
}

const descriptor = z.object({
  digest: z.string(),
  mediaType: z.optional(z.string()),
  platform: z.optional(z.object({ os: z.string(), architecture: z.string() })),
});

/**
 * The manifest of one image (`config`), or an index of manifests for several platforms (`manifests`), in Docker's or
 * OCI format.
 */
const manifest = z.object({ config: z.optional(descriptor), manifests: z.optional(z.array(descriptor)) });
export type ImageManifest = z.infer<typeof manifest>;

const imageConfig = z.object({ os: z.optional(z.string()), architecture: z.optional(z.string()) });
export type ImageConfig = z.infer<typeof imageConfig>;

const tagList = z.object({ tags: z.nullish(z.array(z.string())) });
const token = z.object({ token: z.optional(z.string()), access_token: z.optional(z.string()) });
const failures = z.object({
  errors: z.array(z.object({ code: z.optional(z.string()), message: z.optional(z.string()) })),
});

function read<T>(schema: z.ZodMiniType<T>, answer: HttpAnswer, what: string): T {
  const checked = schema.safeParse(asJson(answer));
  if (checked.success) return checked.data;
  throw new RegistryError(`${what}: the answer is not that of a registry`, { status: answer.status });
}

/** Reads the manifest or index of a reference. @throws RegistryError, beginning with `what`, as all of these */
export const readImageManifest = (answer: HttpAnswer, what: string): ImageManifest => read(manifest, answer, what);
/** Reads the configuration blob of an image. */
export const readImageConfig = (answer: HttpAnswer, what: string): ImageConfig => read(imageConfig, answer, what);
/** Reads the tags on one page of the list; empty if the repository has none. */
export const readTags = (answer: HttpAnswer, what: string): string[] => read(tagList, answer, what).tags ?? [];
/** Reads the token of an authorization service, under either of its two names. */
export function readToken(answer: HttpAnswer, what: string): string {
  const { token: one, access_token: other } = read(token, answer, what);
  const found = one ?? other;
  if (found === undefined || found === '') throw new RegistryError(`${what}: the answer contains no token`);
  return found;
}

/** The registry's own error message, if it sent one, after the HTTP status. */
export function wordsOf(answer: HttpAnswer): string {
  const parsed = failures.safeParse(asJson(answer));
  const words = parsed.success
    ? parsed.data.errors.map(({ code, message }) => [code, message].filter(Boolean).join(': ')).join('; ')
    : '';
  return words === '' ? `status ${answer.status}` : `status ${answer.status}, ${words}`;
}

function asJson({ body }: HttpAnswer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The next page in a `Link` header (RFC 8288; distribution specification, listing tags). */
export function nextPage(header: string | string[] | undefined): string | undefined {
  const links = Array.isArray(header) ? header.join(',') : (header ?? '');
  for (const [, target, parameters = ''] of links.matchAll(/<([^>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*"?next"?/i.test(parameters)) return target;
  }
  return undefined;
}
