import { type ApiKey, SCOPES, type Scope } from '../access/api-keys.ts';

/** What is wrong with an entry, as the rest of a sentence. Never the entry itself: it may be a secret. */
export type KeyFault = { readonly fault: string };

const FORM = 'write id:secret, or id[send+read]:secret, with at least 16 characters of secret and no space in it';

/** Reads `id:secret`, which may do everything, or `id[send+read]:secret`, which has the scopes named. */
export function parseApiKey(entry: string): ApiKey | KeyFault {
  const [, id, named, secret] = /^([A-Za-z0-9._-]{1,64})(?:\[([a-z+]*)\])?\s*:\s*(\S{16,})$/.exec(entry) ?? [];
  if (id === undefined || secret === undefined) return { fault: FORM };
  if (named === undefined) return { id, secret, scopes: SCOPES };
  const names = named.split('+');
  const scopes = SCOPES.filter((scope) => names.includes(scope));
  if (names.every(isScope)) return { id, secret, scopes };
  return { fault: `the scopes are ${SCOPES.join(', ')}, joined by +` };
}

/** Reads API_KEYS_FILE: one key a line; empty lines and lines that begin with # say nothing. Faults name their line. */
export function parseApiKeyLines(text: string): {
  readonly keys: readonly ApiKey[];
  readonly faults: readonly string[];
} {
  const keys: ApiKey[] = [];
  const faults: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const entry = line.trim();
    if (entry === '' || entry.startsWith('#')) continue;
    const key = parseApiKey(entry);
    if ('fault' in key) faults.push(`line ${index + 1}: ${key.fault}`);
    else keys.push(key);
  }
  return { keys, faults };
}

function isScope(name: string): name is Scope {
  return (SCOPES as readonly string[]).includes(name);
}
