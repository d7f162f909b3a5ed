import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/config/config.ts';
import { nearMissesOf } from '../../src/config/near-misses.ts';
import type { Environment } from '../../src/config/setting-values.ts';

const FILES: Readonly<Record<string, string>> = { '/run/proxy': 'http://ada:s3cret@own.corp:8080\n' };
const readText = (path: string): string => FILES[path] ?? '';

const proxyOf = (environment: Environment) => parseConfig(environment, readText).pushProxy;

function problemsOf(environment: Environment): readonly string[] {
  try {
    parseConfig(environment, readText);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const own = { server: { host: 'own.corp' }, from: 'PUSH_PROXY_URL' };
const systems = { server: { host: 'systems.corp', port: 3128 }, from: 'HTTPS_PROXY' };

describe('the proxy of pushes', () => {
  it.each<[Environment, object | null]>([
    [{}, null],
    [{ HTTPS_PROXY: '' }, null],
    [{ HTTP_PROXY: 'http://systems.corp:3128', ALL_PROXY: 'http://systems.corp:3128' }, null],
    [{ HTTPS_PROXY: 'http://systems.corp:3128' }, systems],
    [{ https_proxy: 'systems.corp:3128' }, systems],
    [{ https_proxy: 'http://systems.corp:3128', HTTPS_PROXY: 'http://other.corp' }, systems],
    [{ https_proxy: '', HTTPS_PROXY: 'http://systems.corp:3128' }, systems],
    [{ PUSH_PROXY_URL: 'http://own.corp:8080', HTTPS_PROXY: 'http://systems.corp:3128' }, own],
    [{ PUSH_PROXY_URL_FILE: '/run/proxy', https_proxy: 'http://systems.corp:3128' }, own],
    [{ PUSH_PROXY_URL: 'none', HTTPS_PROXY: 'http://systems.corp:3128' }, null],
    [{ PUSH_PROXY_URL: 'none', HTTPS_PROXY: 'socks5://systems.corp' }, null],
    [{ PUSH_PROXY_URL: 'http://own.corp:8080', HTTPS_PROXY: 'socks5://systems.corp' }, own],
  ])('of %j is %j', (environment, proxy) => {
    if (proxy === null) expect(proxyOf(environment)).toBeNull();
    else expect(proxyOf(environment)).toMatchObject(proxy);
  });

  it.each<[Environment]>([
    [{ NO_PROXY: 'push.example' }],
    [{ no_proxy: 'push.example' }],
    [{ no_proxy: 'push.example', NO_PROXY: '*' }],
  ])('is not for what %j names, whoever names the proxy', (environment) => {
    for (const of of [{ PUSH_PROXY_URL: 'http://own.corp' }, { HTTPS_PROXY: 'http://systems.corp' }]) {
      const proxy = proxyOf({ ...environment, ...of });
      expect([proxy?.exceptions.has('push.example', 443), proxy?.exceptions.has('fcm.googleapis.com', 443)]).toEqual([
        true,
        false,
      ]);
    }
  });

  it.each<[Environment, RegExp]>([
    [{ PUSH_PROXY_URL: 'socks5://ada:s3cret@own.corp:1080' }, /^PUSH_PROXY_URL is a SOCKS proxy.*none/],
    [{ PUSH_PROXY_URL: 'http://ada:s3cret@own.corp:x' }, /^PUSH_PROXY_URL is not the URL of a proxy/],
    [{ HTTPS_PROXY: 'socks5://ada:s3cret@systems.corp' }, /^HTTPS_PROXY is a SOCKS proxy.*PUSH_PROXY_URL/],
    [{ https_proxy: 'http://ada:s3cret@systems.corp/path' }, /^HTTPS_PROXY has more/],
    [{ PUSH_PROXY_URL: 'none', PUSH_PROXY_URL_FILE: '/run/proxy' }, /both set/],
  ])('refuses %j with words, and without the password', (environment, words) => {
    const problems = problemsOf(environment);
    expect(problems).toEqual([expect.stringMatching(words)]);
    expect(problems.join()).not.toMatch(/ada|s3cret/);
  });

  it('takes no name of the system for a slip', () => {
    const names = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY', 'all_proxy'];
    for (const name of names) expect(nearMissesOf({ [name]: 'x' })).toEqual([]);
    expect(nearMissesOf({ PUSH_PROXY_ULR: 'x' })).toEqual([expect.stringContaining('PUSH_PROXY_URL')]);
  });
});
