import { errorCode, errorMessage, LaconicError } from '../../../system/errors.js';
import { listOf, mapOf } from '../../../system/plain-map.js';

/** One cause of a refusal: the field, and the server's message. */
export interface ErrorCause {
  field?: string;
  message: string;
  reason?: string;
}

/** The API server refused a request, or did not answer. */
export class ClusterError extends LaconicError {
  /** HTTP status; undefined if there was no answer. */
  readonly status: number | undefined;
  /** The server's reason: `Conflict`, `Invalid`, `Forbidden`, … */
  readonly reason: string | undefined;
  readonly causes: readonly ErrorCause[];

  constructor(
    message: string,
    details: {
      status?: number | undefined;
      reason?: string | undefined;
      causes?: readonly ErrorCause[];
      hint?: string | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(message, { hint: details.hint, cause: details.cause });
    this.status = details.status;
    this.reason = details.reason;
    this.causes = details.causes ?? [];
  }
}

/** Whether the account lacks a permission or an admission controller refused the request. */
export function isForbidden(error: unknown): error is ClusterError {
  return error instanceof ClusterError && error.status === 403;
}

/** Whether another client changed the object meanwhile, or there is another one of its name. */
export function isConflict(error: unknown): error is ClusterError {
  return error instanceof ClusterError && error.status === 409;
}

/** Parses the `Status` object of a refused request; any other text becomes the message. */
export function parseStatus(body: string): { message: string; reason?: string; causes: ErrorCause[] } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { message: body.trim().slice(0, 500), causes: [] };
  }
  const status = mapOf(value);
  const causes = mapOf(status.details).causes;
  return {
    message: typeof status.message === 'string' ? status.message : body.trim().slice(0, 500),
    ...(typeof status.reason === 'string' ? { reason: status.reason } : {}),
    causes: listOf(causes).map((each) => {
      const { field, message, reason } = mapOf(each);
      return {
        ...(typeof field === 'string' ? { field } : {}),
        message: typeof message === 'string' ? message : '',
        ...(typeof reason === 'string' ? { reason } : {}),
      };
    }),
  };
}

/** What to do about a refusal, if its status shows that. */
function hintFor(status: number, message: string): string | undefined {
  if (status === 401) return 'the credentials in the kubeconfig are not accepted (expired?): renew them';
  if (message.includes('failed calling webhook'))
    return 'a webhook of the cluster does not answer: its owner must repair it (kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations)';
  if (status !== 403) return undefined;
  if (message.includes('exceeded quota'))
    return 'request a larger quota for this namespace, or use fewer of the limited resources';
  // Admission (policies, webhooks) refuses with the same status, regardless of the account's permissions.
  if (/\bUser "[^"]*" cannot /.test(message))
    return 'the account of the kubeconfig lacks this permission: request it, or use another account';
  return undefined;
}

/** @param what `cannot apply Deployment x` @param mask applied to the server's message */
export function refused(
  what: string,
  status: number,
  body: string,
  mask: (text: string) => string = (text) => text,
): ClusterError {
  const { message, reason, causes } = parseStatus(body);
  const explanation = message === '' ? `HTTP status ${status}` : mask(message);
  return new ClusterError(`${what}: ${explanation}`, {
    status,
    reason,
    causes: causes.map((cause) => ({ ...cause, message: mask(cause.message) })),
    hint: hintFor(status, message),
  });
}

/** Node's codes for a server certificate that the kubeconfig's authority did not sign, or that has expired. */
const untrusted = /^(UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CERT_|ERR_TLS_CERT_)/;

/** Returns the error for a failed connection. */
export function unreachable(what: string, server: string, error: unknown): ClusterError {
  const code = errorCode(error) ?? '';
  const reason = errorMessage(error) || code;
  if (untrusted.test(code)) {
    return new ClusterError(`${what}: the certificate of ${server} is not the one the kubeconfig trusts: ${reason}`, {
      hint: 'the cluster may have been recreated: get its current kubeconfig',
      cause: error,
    });
  }
  if (code.startsWith('ERR_OSSL_')) {
    return new ClusterError(`${what}: the certificates or the key of the kubeconfig cannot be used: ${reason}`, {
      hint: 'get a new kubeconfig: its key or certificate is damaged',
      cause: error,
    });
  }
  return new ClusterError(`${what}: the API server ${server} cannot be reached: ${reason}`, {
    hint: 'check that the cluster runs and that this host can reach it',
    cause: error,
  });
}

/** Returns `hidden` for an error about missing permissions; throws any other error. */
export function hiddenIfForbidden(error: unknown): 'hidden' {
  if (isForbidden(error)) return 'hidden';
  throw error;
}

/** Returns undefined for an error about missing permissions; throws any other error. */
export function unlessForbidden(error: unknown): undefined {
  if (isForbidden(error)) return undefined;
  throw error;
}
