import { type ApiKey, DEFAULT_KEY_ID, SCOPES } from '../access/api-keys.ts';
import { parseApiKeyLines } from './api-key-text.ts';
import { SHORTEST_SAFE_SECRET } from './setting-parsers.ts';
import type { ReadText } from './setting-values.ts';
import type { SettingValues } from './settings.ts';

/** The API keys of all settings that name some, and what is wrong with them. */
export function apiKeysOf(values: SettingValues, readText: ReadText, problems: string[]): readonly ApiKey[] {
  const keys: readonly ApiKey[] = [
    ...(values.HMAC_SECRET === null ? [] : [{ id: DEFAULT_KEY_ID, secret: values.HMAC_SECRET, scopes: SCOPES }]),
    ...(values.API_KEYS ?? []),
    ...(values.API_KEYS_FILE === null ? [] : keysInFile(values.API_KEYS_FILE, readText, problems)),
  ];
  for (const id of new Set(keys.map((key) => key.id))) problems.push(...problemsOfKey(keys, id, values));
  const shared = keys.find(({ secret }) => secret === values.METRICS_TOKEN);
  if (shared !== undefined)
    problems.push(`METRICS_TOKEN is a secret of the API key ${shared.id}, which opens more: make one of its own.`);
  return keys;
}

function keysInFile(path: string, readText: ReadText, problems: string[]): readonly ApiKey[] {
  try {
    const { keys, faults } = parseApiKeyLines(readText(path));
    problems.push(...faults.map((fault) => `API_KEYS_FILE names ${path}, which is malformed in ${fault}.`));
    if (keys.length === 0 && faults.length === 0) problems.push(`API_KEYS_FILE names ${path}, which holds no key.`);
    return keys;
  } catch {
    problems.push(`API_KEYS_FILE names ${path}, which cannot be read.`);
    return [];
  }
}

function problemsOfKey(keys: readonly ApiKey[], id: string, { ALLOW_SHORT_SECRETS }: SettingValues): string[] {
  const own = keys.filter((key) => key.id === id);
  const secrets = own.map(({ secret }) => secret);
  const problems: string[] = [];
  if (secrets.length > 2)
    problems.push(`The API key ${id} has ${secrets.length} secrets: two at most, the old and the new.`);
  else if (new Set(secrets).size < secrets.length)
    problems.push(`The API key ${id} has the same secret twice: give it once.`);
  const hasTwoMinds = new Set(own.map(({ scopes }) => scopes.join())).size > 1;
  if (hasTwoMinds) problems.push(`The API key ${id} has other scopes with each of its secrets: give both the same.`);
  const ofSameSecret = keys.filter((key) => secrets.includes(key.secret));
  if (!hasTwoMinds && new Set(ofSameSecret.map(({ scopes }) => scopes.join())).size > 1)
    problems.push(`The API key ${id} shares a secret with one of other scopes: make it one of its own.`);
  if (!ALLOW_SHORT_SECRETS && secrets.some((secret) => secret.length < SHORTEST_SAFE_SECRET))
    problems.push(
      `A secret of the API key ${id} has fewer than ${SHORTEST_SAFE_SECRET} characters: make one with \`openssl rand -hex 32\`, or set ALLOW_SHORT_SECRETS=true until your programs use it.`,
    );
  return problems;
}
