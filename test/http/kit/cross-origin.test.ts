import { afterEach, describe, expect, it } from 'vitest';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
afterEach(() => api.dispose());

const preflight = (origin: string, asked?: string) =>
  api.call('OPTIONS', '/v1/subscriptions', {
    sign: 'none',
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      ...(asked === undefined ? {} : { 'Access-Control-Request-Headers': asked }),
    },
  });
const allowedHeaders = async (asked: string): Promise<string[]> => {
  const answer = await preflight('https://shop.example', asked);
  return (answer.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(',');
};

describe('a page of another origin', () => {
  it('may send the headers that its monitoring adds', async () => {
    api = await startApi({ corsAllowedOrigins: ['https://shop.example'] });
    const added = ['traceparent', 'tracestate', 'baggage', 'sentry-trace', 'x-datadog-trace-id', 'newrelic', 'b3'];
    expect(await allowedHeaders(['authorization', 'content-type', ...added].join(','))).toEqual(
      expect.arrayContaining(['authorization', 'content-type', ...added]),
    );
    const answer = await preflight('https://shop.example', 'traceparent');
    expect(answer.headers.get('vary')).toContain('Access-Control-Request-Headers');
    const sent = {
      Origin: 'https://shop.example',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692033-01',
    };
    const call = await api.call('GET', '/v1/push/public-key', { sign: 'none', headers: sent });
    expect([call.status, call.headers.get('access-control-allow-origin')]).toEqual([200, 'https://shop.example']);
  });

  it('is told nothing that is no name of a header', async () => {
    api = await startApi({ corsAllowedOrigins: ['https://shop.example'] });
    const allowed = await allowedHeaders('traceparent, , a b,"x",é,*');
    expect(allowed).toContain('traceparent');
    expect(allowed.filter((name) => /[^a-z-]/.test(name))).toEqual([]);
  });

  it.each([
    ['https://shop.example.com', true],
    ['https://a.b.example.com', true],
    ['https://xn--bcher-kva.example.com', true],
    ['https://example.com', false],
    ['https://.example.com', false],
    ['http://shop.example.com', false],
    ['https://shop.example.com:8443', false],
    ['https://shop.example.com.evil.example', false],
    ['https://evilexample.com', false],
    ['https://evil.example/.example.com', false],
    ['https://user@x.example.com', false],
    ['null', false],
  ])('is let in by https://*.example.com: %s %s', async (origin, isAllowed) => {
    api = await startApi({ corsAllowedOrigins: ['https://*.example.com'] });
    const answers = [
      await preflight(origin),
      await api.call('GET', '/healthz', { sign: 'none', headers: { Origin: origin } }),
    ];
    for (const { headers } of answers) {
      expect(headers.get('access-control-allow-origin')).toBe(isAllowed ? origin : null);
      expect(headers.get('vary')).toContain('Origin');
    }
  });

  it('is let in by a wildcard with a port on that port alone', async () => {
    api = await startApi({ corsAllowedOrigins: ['http://*.localhost:3000', 'https://shop.example'] });
    const allowed = async (origin: string) => (await preflight(origin)).headers.get('access-control-allow-origin');
    expect(await allowed('http://app.localhost:3000')).toBe('http://app.localhost:3000');
    expect(await allowed('http://app.localhost:3001')).toBeNull();
    expect(await allowed('https://shop.example')).toBe('https://shop.example');
  });
});
