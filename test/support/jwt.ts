import { createHmac } from 'node:crypto';
import { NOW_MS } from './samples.ts';

export const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT as any library makes it, made without the code under test. Claims and header are laid over good ones. */
export function jwtOf(
  secret: string,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): string {
  const all = { sub: 'u1', aud: 'bellhop', exp: NOW_MS / 1000 + 600, ...claims };
  const signed = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part(all)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
