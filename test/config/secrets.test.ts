import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/setting-values.ts';
import { noFile, problemsOf } from './problems-of.ts';

describe('secrets among the settings', () => {
  it('gives a key the scopes that are named, or all', () => {
    const text = 'a:0123456789abcdef0123456789abcdef,b[read+send]:1123456789abcdef0123456789abcdef';
    expect(parseConfig({ API_KEYS: text }, noFile).apiKeys.map(({ id, scopes }) => [id, scopes])).toEqual([
      ['a', ['send', 'read', 'manage']],
      ['b', ['send', 'read']],
    ]);
  });

  it('finds fault with each of two keys that share a secret and no scopes', () => {
    const text = 'a[send]:0123456789abcdef0123456789abcdef,b[read]:0123456789abcdef0123456789abcdef';
    expect(problemsOf({ API_KEYS: text })).toEqual([
      expect.stringContaining('key a shares a secret'),
      expect.stringContaining('key b shares a secret'),
    ]);
  });

  it('reads a file of keys, and names a bad line by its number alone', () => {
    const lines = '# ours\n\n a[send]:0123456789abcdef0123456789abcdef \r\nb:1123456789abcdef0123456789abcdef';
    expect(parseConfig({ API_KEYS_FILE: '/keys' }, () => lines)).toMatchObject({
      apiKeysFile: '/keys',
      apiKeys: [
        { id: 'a', scopes: ['send'] },
        { id: 'b', scopes: ['send', 'read', 'manage'] },
      ],
    });
    expect(() => parseConfig({ API_KEYS_FILE: '/keys' }, () => `${lines}\nhunter2 hunter2 hunter2`)).toThrow(
      /line 5: /,
    );
    expect(() => parseConfig({ API_KEYS_FILE: '/keys' }, () => `${lines}\nhunter2 hunter2 hunter2`)).not.toThrow(
      /hunter/,
    );
    expect(() => parseConfig({ API_KEYS_FILE: '/keys' }, () => '# none\n')).toThrow(/holds no key/);
  });

  it('takes a token for metrics, from a file too, that is long and nobody else’s', () => {
    const token = 'metrics-0123456789abcdef0123456789';
    expect(parseConfig({ METRICS_TOKEN: token }, noFile).metricsToken).toBe(token);
    expect(parseConfig({ METRICS_TOKEN_FILE: '/run/token' }, () => `${token}\n`).metricsToken).toBe(token);
    expect(problemsOf({ METRICS_TOKEN: 'hunter2', ALLOW_SHORT_SECRETS: 'true' })).toEqual([
      expect.stringMatching(/^METRICS_TOKEN has fewer than 32 characters/),
    ]);
    for (const text of [`${token} x`, `${token}ü`])
      expect(problemsOf({ METRICS_TOKEN: text })).toEqual([expect.stringMatching(/^METRICS_TOKEN may have printable/)]);
    expect(problemsOf({ METRICS_TOKEN: token, API_KEYS: `board[read]:${token}` })).toEqual([
      expect.stringMatching(/^METRICS_TOKEN is a secret of the API key board/),
    ]);
  });

  it('never shows a secret', () => {
    const text = problemsOf({
      HMAC_SECRET: 'hunter2',
      METRICS_TOKEN: 'hunter5',
      API_KEYS: 'hunter3',
      VAPID_PRIVATE_KEY: 'hunter4',
    }).join('\n');
    expect(text).not.toMatch(/hunter/);
  });

  it.each<Environment>([
    { MONGODB_URL: 'mongodb://user:hun@ter@host/bellhop' },
    { MONGODB_URL: 'mongodb://user:hun/ter@host/bellhop' },
    { MONGODB_URL: 'mongodb://user:hun?ter@host' },
    { MONGODB_URL: 'mongo://user:hunter@host' },
    { REDIS_URL: 'redis://user:hun/ter@host:6379/0' },
    { REDIS_URL: 'user:hunter@host:6379' },
    { REDIS_ADDR: 'user:hunter@host:6379' },
    { REDIS_ADDR: ':hunter@host:6379' },
    { CORS_ALLOWED_ORIGINS: 'https://user:hunter@app.example' },
    { SITE_URL: 'https://user:hunter@app.example' },
    { PUSH_ALLOWED_HOSTS: 'user:hunter@push.example' },
    { PUSH_RATE_LIMITS: 'user:hunter@push.example=5' },
    { HOST: 'user:hunter@0.0.0.0' },
  ])('never shows a password within a value: %j', (environment) => {
    const text = problemsOf(environment).join('\n');
    expect(text).not.toMatch(/hun|ter@/);
    expect(text.length).toBeGreaterThan(0);
  });
});
