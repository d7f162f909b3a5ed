import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseProxyExceptions,
  parseProxyServer,
  proxyName,
  wayOfPushes,
} from '../../../src/domain/push-service/proxy.ts';

const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;

describe('the URL of a proxy', () => {
  it.each([
    ['http://proxy.corp:3128', { protocol: 'http:', host: 'proxy.corp', port: 3128, authorization: null }],
    ['http://proxy.corp:3128/', { host: 'proxy.corp', port: 3128 }],
    ['HTTP://Proxy.Corp', { protocol: 'http:', host: 'proxy.corp', port: 80 }],
    ['https://proxy.corp', { protocol: 'https:', port: 443 }],
    ['proxy.corp:3128', { protocol: 'http:', host: 'proxy.corp', port: 3128 }],
    ['10.0.0.1:8080', { host: '10.0.0.1', port: 8080 }],
    ['http://[fd00::1]:3128', { host: '[fd00::1]', port: 3128 }],
    ['http://ada:s3cret@proxy.corp:3128', { host: 'proxy.corp', authorization: basic('ada:s3cret') }],
    ['ada:s3cret@proxy.corp:3128', { host: 'proxy.corp', port: 3128, authorization: basic('ada:s3cret') }],
    ['http://DOM%5Cada:p%40ss%3A%2F@proxy.corp:3128', { authorization: basic('DOM\\ada:p@ss:/') }],
    ['http://ada@proxy.corp:3128', { authorization: basic('ada:') }],
    ['http://:s3cret@proxy.corp:3128', { authorization: basic(':s3cret') }],
  ])('is read: %s', (text, server) => {
    expect(parseProxyServer(text)).toMatchObject(server);
  });

  it.each([
    ['socks5://ada:s3cret@proxy.corp:1080', /SOCKS/],
    ['socks://proxy.corp:1080', /SOCKS/],
    ['socks5h://proxy.corp', /SOCKS/],
    ['ftp://ada:s3cret@proxy.corp', /not an http or https URL/],
    ['http://', /not the URL of a proxy/],
    ['http://ada:s3/cret@proxy.corp:3128', /not the URL|more than a host/],
    ['http://ada:s3cret@proxy.corp:99999', /not the URL/],
    ['http://ada:s3cret@proxy.corp:3128/path', /more than a host/],
    ['http://ada:s3cret@proxy.corp:3128?x', /more than a host/],
    ['http://ada:s3cret%ff@proxy.corp:3128', /cannot be decoded/],
    ['proxy corp', /not the URL/],
    ['off', /not the URL/],
    ['false', /not the URL/],
    ['direct', /not the URL/],
    ['proxy.corp', /not the URL/],
  ])('is refused with words, and without its password: %s', (text, words) => {
    const read = parseProxyServer(text);
    expect(read).toEqual({ problem: expect.stringMatching(words) });
    expect(JSON.stringify(read)).not.toMatch(/ada:|s3/);
  });
});

describe('NO_PROXY', () => {
  const has = (text: string, host: string, port = 443): boolean => parseProxyExceptions(text).has(host, port);

  it.each([
    ['*', 'fcm.googleapis.com'],
    ['a.example, *', 'fcm.googleapis.com'],
    ['push.example', 'push.example'],
    ['push.example', 'eu.push.example'],
    ['.push.example', 'eu.push.example'],
    ['.push.example', 'push.example'],
    ['*.push.example', 'eu.push.example'],
    ['PUSH.Example', 'push.example'],
    ['push.example.', 'push.example'],
    ['a.example,push.example', 'push.example'],
    ['a.example push.example', 'push.example'],
    ['a.example,\tpush.example\n', 'push.example'],
    ['push.example:443', 'push.example'],
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.0.1:443', '10.0.0.1'],
    ['10.0.0.0/8', '10.1.2.3'],
    ['fd00::/8', '[fd12::1]'],
    ['fd00::1', '[fd00::1]'],
    ['[fd00::1]', '[fd00::1]'],
    ['[fd00::1]:443', '[fd00::1]'],
    ['FD00:0::1', '[fd00::1]'],
  ])('%j is for %s', (text, host) => {
    expect(has(text, host)).toBe(true);
  });

  it.each([
    ['', 'push.example'],
    [',, ', 'push.example'],
    ['push.example', 'otherpush.example'],
    ['push.example', 'push.example.com'],
    ['example', 'push.example.com'],
    ['push.example:8443', 'push.example'],
    ['eu.push.example', 'push.example'],
    ['.', 'push.example'],
    ['10.0.0.1', '10.0.0.10'],
    ['10.0.0.0/8', '11.0.0.1'],
    ['10.0.0.0/8', '10.0.0.1.example'],
    ['10.0.0.0/99', '11.0.0.1'],
    ['10.0.0.0/x', '10.0.0.1'],
    ['10.0.0.0/', '10.0.0.1'],
    ['fd00::/8', '10.0.0.1'],
    ['[fd00::1]:8443', '[fd00::1]'],
    ['http://push.example', 'push.example'],
  ])('%j is not for %s', (text, host) => {
    expect(has(text, host)).toBe(false);
  });

  it('is total', () => {
    fc.assert(fc.property(fc.string(), fc.domain(), (text, host) => typeof has(text, host) === 'boolean'));
  });
});

describe('the way of pushes, in words', () => {
  it('names the proxy, the setting and the exceptions, and never user or password', () => {
    const server = parseProxyServer('http://ada:s3cret@proxy.corp:3128');
    if ('problem' in server) throw new Error(server.problem);
    expect(proxyName(server)).toBe('proxy.corp:3128');
    expect(wayOfPushes(null)).toBe('go directly');
    expect(
      wayOfPushes({ server, from: 'HTTPS_PROXY', exceptions: parseProxyExceptions('a.example, 10.0.0.0/8') }),
    ).toBe('go through the proxy proxy.corp:3128 (HTTPS_PROXY); not for: a.example,10.0.0.0/8');
    expect(wayOfPushes({ server, from: 'PUSH_PROXY_URL', exceptions: parseProxyExceptions('') })).toBe(
      'go through the proxy proxy.corp:3128 (PUSH_PROXY_URL)',
    );
  });
});
