import { readVapidPublicKey } from '../../domain/push-service/vapid-key.ts';
import type { Given } from '../command.ts';
import { FIELDS, type Field, type FieldMap } from './field-names.ts';
import { FORMATS, type Format } from './input.ts';

export type ImportOptions = {
  readonly path: string;
  readonly isDryRun: boolean;
  readonly format: Format | null;
  readonly map: FieldMap;
  /** As given, or `current`; null where nobody said it. */
  readonly vapidKey: string | null;
  readonly vapidKeyFile: string | null;
  readonly report: string | null;
};

/** What was given at the command line, or what is wrong with it, as a sentence. */
export function importOptionsOf({ operands, options }: Given): ImportOptions | string {
  const format = FORMATS.find((each) => each === options.get('--format')) ?? null;
  if (options.has('--format') && format === null) return '--format is ndjson or csv.';
  const vapidKey = options.get('--vapid-key') ?? null;
  if (vapidKey !== null && vapidKey !== 'current' && readVapidPublicKey(vapidKey) === null) {
    return '--vapid-key is a VAPID public key in base64url, or current.';
  }
  const map = mapOf(options.get('--map') ?? null);
  if (typeof map === 'string') return map;
  return {
    path: operands[0] ?? '-',
    isDryRun: options.has('--dry-run'),
    format,
    map,
    vapidKey,
    vapidKeyFile: options.get('--vapid-keys') ?? null,
    report: options.get('--report') ?? null,
  };
}

function mapOf(pairs: string | null): FieldMap | string {
  const map: Partial<Record<Field, string>> = {};
  for (const pair of pairs?.split(',') ?? []) {
    const at = pair.indexOf('=');
    const [name, column] = [pair.slice(0, at), pair.slice(at + 1)];
    const field = FIELDS.find((each) => each === (name === 'user' ? 'user_id' : name));
    if (at < 1 || column === '' || field === undefined) {
      return `--map takes FIELD=COLUMN, such as user_id=account_id. Fields: ${FIELDS.join(', ')}.`;
    }
    map[field] = column;
  }
  return map;
}
