import { join } from 'node:path';
import { type Config, ConfigError } from '../../config/config.ts';
import { readVapidRing, SHORTEST_SECRET } from '../../config/key-files.ts';
import { readSecretFile } from '../../config/secret-file.ts';
import { SHORTEST_SAFE_SECRET } from '../../config/setting-parsers.ts';
import { type Finding, failed, ok, warning } from '../../domain/finding.ts';
import type { VapidKeyPair } from '../../domain/push-service/vapid-key.ts';

/** What signs here: the current pair first. Null where none can be told. */
export type HeldKeys = readonly VapidKeyPair[] | null;

/** The pair of the environment was checked with the configuration; this looks at the one in the data folder, too. */
export function checkKeys(config: Config): { readonly findings: readonly Finding[]; readonly keys: HeldKeys } {
  try {
    const kept = readVapidRing(config.dataDir);
    const keys = [...(config.vapidKeys === null ? [] : [config.vapidKeys]), ...kept, ...config.olderVapidKeys];
    return { findings: [pairFinding(config, keys), subjectFinding(config), ...secretFindings(config)], keys };
  } catch (error) {
    const finding = failed(
      'VAPID keys',
      problemOf(error),
      'Restore the file from a backup: browsers are bound to its key.',
    );
    return { findings: [finding, subjectFinding(config), ...secretFindings(config)], keys: null };
  }
}

function pairFinding(config: Config, keys: readonly VapidKeyPair[]): Finding {
  if (keys.length === 0) return ok('VAPID keys', 'none yet: the first start makes a pair in the data folder');
  const place = config.vapidKeys === null ? 'in the data folder' : 'in the environment';
  const older = keys.length === 1 ? '' : `, and ${keys.length - 1} earlier`;
  return ok('VAPID keys', `the pair ${place} belongs together${older}`);
}

function secretFindings(config: Config): readonly Finding[] {
  const short = config.apiKeys.filter(({ secret }) => secret.length < SHORTEST_SAFE_SECRET);
  const ids = [...new Set(short.map(({ id }) => id))];
  return [...keptSecretFindings(config), ...ids.map(shortSecretFinding)];
}

function shortSecretFinding(id: string): Finding {
  return warning(
    'API secret',
    `a secret of the key ${id} has fewer than ${SHORTEST_SAFE_SECRET} characters: a page could guess it from its token`,
    'Make one with `openssl rand -hex 32`, and give both under the same id until your programs use it.',
  );
}

function keptSecretFindings({ dataDir }: Config): readonly Finding[] {
  const path = join(dataDir, 'hmac-secret');
  try {
    // Its mode is looked at with that of the other files.
    const text = readSecretFile(path, () => {});
    if (text === null) return [];
    if (text.trim().length >= SHORTEST_SECRET) return [ok('API secret', `is in ${path}`)];
    return [failed('API secret', `${path} is damaged`, 'Restore it, or delete it to have a new one made.')];
  } catch (error) {
    return [failed('API secret', problemOf(error), 'Mend it, or restore the file from a backup.')];
  }
}

function problemOf(error: unknown): string {
  return error instanceof ConfigError ? error.problems.join(' ') : 'the file cannot be read';
}

function subjectFinding({ vapidSubject }: Config): Finding {
  if (vapidSubject !== null) return ok('VAPID subject', `${vapidSubject} is one that Apple takes`);
  return warning(
    'VAPID subject',
    'VAPID_SUBJECT is not set: Apple refuses every push without a real address',
    'Set VAPID_SUBJECT to a mailto: or https: address of yours.',
  );
}
