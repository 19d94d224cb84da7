import * as z from 'zod';
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
  mediaType: z.string().optional(),
  platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
});

/**
 * The manifest of one image (`config`), or an index of manifests for several platforms (`manifests`), in Docker's or
 * OCI format.
 */
const manifest = z.object({ config: descriptor.optional(), manifests: z.array(descriptor).optional() });
export type ImageManifest = z.infer<typeof manifest>;

const imageConfig = z.object({ os: z.string().optional(), architecture: z.string().optional() });
export type ImageConfig = z.infer<typeof imageConfig>;

const tagList = z.object({ tags: z.array(z.string()).nullish() });
const token = z.object({ token: z.string().optional(), access_token: z.string().optional() });
const failures = z.object({
  errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })),
});

function read<T>(schema: z.ZodType<T>, answer: HttpAnswer, what: string): T {
  const checked = schema.safeParse(asJson(answer));
  if (checked.success) return checked.data;
  throw new RegistryError(`${what}: the answer is not that of a registry`, { status: answer.status });
}

export const readImageManifest = (answer: HttpAnswer, what: string): ImageManifest => read(manifest, answer, what);
export const readImageConfig = (answer: HttpAnswer, what: string): ImageConfig => read(imageConfig, answer, what);
export const readTags = (answer: HttpAnswer, what: string): string[] => read(tagList, answer, what).tags ?? [];
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
