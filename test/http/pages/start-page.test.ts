import { afterEach, describe, expect, it } from 'vitest';
import { type Api, type ApiOptions, startApi } from '../../support/api.ts';

let api: Api;
const start = async (options: ApiOptions = {}) => {
  api = await startApi(options);
};
const open = (method = 'GET', headers: Record<string, string> = {}) => api.call(method, '/', { sign: 'none', headers });
const linksOf = (page: string): string[] => [...page.matchAll(/href="([^"]*)"/g)].map(([, href]) => String(href));
const placesOf = (page: string): string[] => linksOf(page).filter((href) => href !== 'data:,');
afterEach(() => api.dispose());

describe('GET /', () => {
  it('is a page that says what this is and leads to what is open', async () => {
    await start();
    const answer = await open();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.text).toContain('<title>Bellhop</title>');
    expect(answer.text).toContain('1.2.3');
    expect(placesOf(answer.text)).toEqual(['openapi.json', 'sdk/bellhop.js', 'healthz', 'readyz']);
    for (const place of placesOf(answer.text)) expect((await api.app.request(`/${place}`)).status).toBe(200);
  });

  it('leads below the path that a proxy serves it under', async () => {
    await start();
    const { text } = await open();
    const seen = placesOf(text).map((href) => new URL(href, 'https://shop.example/push/').pathname);
    expect(seen.every((path) => path.startsWith('/push/'))).toBe(true);
  });

  it('names the demo page where it is on', async () => {
    const demo = { demo: {} as never, files: [], stopping: new AbortController().signal, isLocal: true };
    await start({ demo: { ...demo, limiter: {} as never } });
    expect(placesOf((await open()).text)[0]).toBe('demo');
  });

  it('says in a process that only sends that this is one, and leads to no route that it lacks', async () => {
    await start({ servesApi: false });
    const page = await (await api.app.request('/')).text();
    expect(page).toContain('ROLES=worker');
    expect(placesOf(page)).toEqual(['healthz', 'readyz']);
  });

  it('allows the page its own style and nothing else', async () => {
    await start();
    const { text, headers } = await open();
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]{43}='; img-src data:;/);
    expect(text).not.toMatch(/<script|style="|onclick/);
  });

  it('answers HEAD, 304 to who has it, and 405 to other methods', async () => {
    await start();
    const head = await api.app.request('/', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await open('GET', { 'If-None-Match': head.headers.get('etag') ?? '' })).status).toBe(304);
    const post = await api.app.request('/', { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });
});
