import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { AppError } from '../domain/app-error.ts';
import { placeInSource } from './source-places.ts';

/** What a log may tell of an error. */
type ErrorSummary = {
  /** A sentence of ours, or the kind and code of what a library or the system threw. */
  readonly error: string;
  /** The same of the causes, the nearest first. */
  readonly cause?: string;
  /** For a defect: the places in the code that led to it, innermost first. */
  readonly at?: string;
};

const MOST_CAUSES = 3;
const MOST_PLACES = 6;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Tells an error without what it carries. The message, the fields and the cause of an error that is not ours may quote
 * an endpoint, a payload or a key: a parser quotes what it could not parse, a database the document that it refused. So
 * of these only kind, code and place are told. Never throws.
 */
export function summarize(error: unknown): ErrorSummary {
  try {
    const causes = causesOf(error).map(nameOf);
    const at = isOutside(error) ? '' : ownPlacesOf(error);
    return {
      error: nameOf(error),
      ...(causes.length === 0 ? {} : { cause: causes.join(' < ') }),
      ...(at === '' ? {} : { at }),
    };
  } catch {
    return { error: 'an error that cannot be read' };
  }
}

/** Trouble that no line of the code is to blame for. */
function isOutside(error: unknown): boolean {
  return error instanceof AppError || systemCallOf(error) !== null;
}

/** For example `MongoDB does not answer …`, `MongoServerError 11000`, `connect ECONNREFUSED 127.0.0.1:6379`. */
function nameOf(error: unknown): string {
  if (error instanceof AppError) return error.message;
  if (!(error instanceof Error)) return 'no error object';
  const call = systemCallOf(error);
  if (call !== null) return call;
  const name = /^[A-Z]\w{0,59}$/.test(error.name) ? error.name : 'Error';
  const code = codeOf(error) ?? replyCodeOf(error);
  return code === null ? name : `${name} ${code}`;
}

/** What the system could not do, from the parts that Node made its message of. */
function systemCallOf(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { syscall, address, port } = error as NodeJS.ErrnoException & { address?: unknown; port?: unknown };
  const code = codeOf(error);
  if (code === null || typeof syscall !== 'string' || !/^[a-z]{1,20}$/.test(syscall)) return null;
  if (typeof address !== 'string' || isIP(address) === 0) return `${syscall} ${code}`;
  return `${syscall} ${code} ${address}${typeof port === 'number' ? `:${port}` : ''}`;
}

function codeOf(error: Error): string | null {
  const { code } = error as { code?: unknown };
  if (typeof code === 'number') return String(code);
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,59}$/.test(code) ? code : null;
}

/** Redis begins its refusals with a code in capitals; what follows may quote the command. */
function replyCodeOf({ name, message }: Error): string | null {
  return name === 'ReplyError' ? (/^[A-Z]{2,20}\b/.exec(message)?.[0] ?? null) : null;
}

/** The nearest first. */
export function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let next = causeOf(error); next !== undefined && causes.length < MOST_CAUSES; next = causeOf(next)) {
    causes.push(next);
  }
  return causes;
}

function causeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  // Where a name has several addresses, Node has one failure for each.
  return error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
}

/** For example `deliver (src/delivery/worker.ts:71:9) < work (src/…)`: this project and what it stands on, not Node. */
function ownPlacesOf(error: unknown): string {
  const own = placesOf(error).filter(({ isOwn }) => isOwn);
  return own
    .slice(0, MOST_PLACES)
    .map(({ place }) => place)
    .join(' < ');
}

/** `isOwn`: in the folder of this project, from which its path is told. */
type Place = { readonly place: string; readonly isOwn: boolean };

/** Where an error was made and what led there, innermost first: `name (path:line:column)`. */
export function placesOf(error: unknown): readonly Place[] {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return [];
  // The message stands before the places, and may have any number of lines.
  const end = error.stack.indexOf(error.message);
  if (end === -1) return [];
  return error.stack
    .slice(end + error.message.length)
    .split('\n')
    .flatMap((line) => placeOf(line) ?? []);
}

function placeOf(line: string): Place | null {
  const [, name, path, at = '', column = ''] =
    /^\s+at (?:([^(]+) \()?(?:file:\/\/)?((?:\/|node:).+):(\d+):(\d+)\)?$/.exec(line) ?? [];
  if (path === undefined) return null;
  const whole =
    (path.startsWith(ROOT) ? placeInSource(path, Number(at), Number(column)) : null) ?? `${path}:${at}:${column}`;
  const isOwn = whole.startsWith(ROOT);
  const told = isOwn ? whole.slice(ROOT.length) : whole;
  return { place: name === undefined ? told : `${name} (${told})`, isOwn };
}
