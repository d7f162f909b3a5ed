import { oneLine, redact, tailOf } from '../domain/redaction.ts';

/** Whatever of an answer may say why. `secrets` are texts that must not be in the reason. */
export type AnswerWords = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  readonly endpoint: string;
  readonly secrets: readonly string[];
};

const MAX_REASON_LENGTH = 200;

/**
 * The push service's own words on why it did not accept, at most 200 characters on one line; null when it gave none.
 * An endpoint is a secret and services quote it in their errors, so it, its parts, other URLs and whatever looks like
 * a token are replaced by an ellipsis. WNS gives its reason in headers only, and even beside a 2xx.
 */
export function reasonOf(answer: AnswerWords): string | null {
  const accepted = answer.status >= 200 && answer.status <= 299;
  const words = wnsReason(answer.headers) ?? (accepted ? null : bodyReason(answer.body));
  if (words === null) return null;
  const hidden = { secrets: answer.secrets, traces: [tailOf(answer.endpoint)] };
  const line = oneLine(redact(oneLine(words), hidden));
  return line === '' ? null : shorten(line);
}

function wnsReason(headers: AnswerWords['headers']): string | null {
  const description = first(headers['x-wns-error-description']);
  const status = first(headers['x-wns-status']);
  if (description !== null) return status === null ? description : `${description} (${status})`;
  return status === null || status.toLowerCase() === 'received' ? null : status;
}

function bodyReason(body: string): string | null {
  const json = parseObject(body);
  if (json !== null) return jsonReason(json) ?? body;
  // An error page is markup first; its title is the part that speaks.
  return /^\s*</.test(body) ? (/<title[^<>]*>([^<]{1,500})/i.exec(body)?.[1] ?? body.replace(/<[^<>]*>/g, ' ')) : body;
}

/** Apple: `reason`. Mozilla: `errno` and `message`. Google: both, or an object, in `error`. */
function jsonReason(json: Record<string, unknown>): string | null {
  const { reason, message, errno, error } = json;
  if (typeof reason === 'string') return reason;
  const words = typeof message === 'string' ? message : typeof error === 'string' ? error : null;
  if (typeof errno === 'number' || (typeof errno === 'string' && /^\d{1,6}$/.test(errno))) {
    return words === null ? `errno ${errno}` : `errno ${errno}: ${words}`;
  }
  if (words !== null) return words;
  return isObject(error) && typeof error.message === 'string' ? error.message : null;
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= MAX_REASON_LENGTH ? text : `${characters.slice(0, MAX_REASON_LENGTH - 1).join('')}…`;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function first(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}
