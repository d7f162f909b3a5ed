import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { SettingValues } from './settings.ts';

type ReadText = (path: string) => string;

const PEM_BEGIN = '-----BEGIN CERTIFICATE-----';
const PEM_END = '-----END CERTIFICATE-----';

type CaSetting = 'PUSH_CA_FILE' | 'MONGODB_CA_FILE' | 'REDIS_CA_FILE';

/** Certificate authorities trusted beside the system's, as PEM text; null where none is named. */
type Trust = {
  readonly pushCaPem: string | null;
  readonly mongodbCa: readonly string[] | null;
  readonly redisCa: readonly string[] | null;
};

/** Reads the files that the settings name, and adds what is wrong with them to `problems`. */
export function trustOf(values: SettingValues, readText: ReadText, problems: string[]): Trust {
  const pem = (name: CaSetting): string | null => pemOf(name, values, readText, problems);
  const besideKnown = (text: string | null): readonly string[] | null =>
    text === null ? null : [...rootCertificates, text];
  return {
    pushCaPem: pem('PUSH_CA_FILE'),
    mongodbCa: besideKnown(pem('MONGODB_CA_FILE')),
    redisCa: besideKnown(pem('REDIS_CA_FILE')),
  };
}

/** An authority without TLS would be trusted for nothing, and somebody would believe the connection to be safe. */
export function checkTls(values: SettingValues, redisUrl: string | null, problems: string[]): void {
  if (values.REDIS_CA_FILE !== null && redisUrl?.startsWith('rediss://') !== true)
    problems.push(
      'REDIS_CA_FILE is set, but REDIS_URL is not a rediss:// URL: write rediss://, or leave the file out.',
    );
  const mongodbUrl = values.MONGODB_URL ?? '';
  const isTls = mongodbUrl.startsWith('mongodb+srv://') || /[?&](?:tls|ssl)=true(?:&|$)/.test(mongodbUrl);
  if (values.MONGODB_CA_FILE !== null && !isTls)
    problems.push(
      'MONGODB_CA_FILE is set, but MONGODB_URL has no tls=true: add it (…/bellhop?tls=true), or leave the file out.',
    );
}

function pemOf(name: CaSetting, values: SettingValues, readText: ReadText, problems: string[]): string | null {
  const path = values[name];
  if (path === null) return null;
  try {
    const text = readText(path);
    const [, ...certificates] = text.split(PEM_BEGIN);
    if (certificates.length > 0 && certificates.every(isCertificate)) return text;
    problems.push(`${name} names ${path}, which holds no PEM certificate, or one that is damaged.`);
  } catch {
    problems.push(`${name} names ${path}, which cannot be read.`);
  }
  return null;
}

function isCertificate(afterBegin: string): boolean {
  const [inside = '', ...rest] = afterBegin.split(PEM_END);
  try {
    return rest.length > 0 && new X509Certificate(PEM_BEGIN + inside + PEM_END).raw.length > 0;
  } catch {
    return false;
  }
}
