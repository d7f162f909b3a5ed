import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { readSdkFiles } from '../../../src/service/browser-files.ts';
import { type Api, type ApiOptions, startApi } from '../../support/api.ts';
import { SDK } from '../../support/samples.ts';

let api: Api;
const start = async (options: ApiOptions = {}) => {
  api = await startApi(options);
};
const get = (path: string, headers: Record<string, string> = {}) => api.call('GET', path, { sign: 'none', headers });
afterEach(() => api.dispose());

describe('/sdk/', () => {
  it.each([
    ['bellhop.js', 'text/javascript; charset=utf-8'],
    ['bellhop-sw.js', 'text/javascript; charset=utf-8'],
    ['bellhop.d.ts', 'text/plain; charset=utf-8'],
    ['preferences.js', 'text/javascript; charset=utf-8'],
    ['preferences.d.ts', 'text/plain; charset=utf-8'],
  ] as const)('serves %s to any page, and lets a worker look after the whole site', async (name, mediaType) => {
    await start({ corsAllowedOrigins: ['https://shop.example'] });
    const answer = await get(`/sdk/${name}`, { Origin: 'https://another.example' });
    expect([answer.status, answer.text]).toEqual([200, SDK[name]]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': mediaType,
      'cache-control': 'no-cache',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'service-worker-allowed': '/',
    });
  });

  it('also lets in a page that may call the API', async () => {
    await start({ corsAllowedOrigins: ['https://shop.example'] });
    const answer = await get('/sdk/bellhop.js', { Origin: 'https://shop.example' });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(answer.headers.get('vary')).toContain('Origin');
  });

  it('answers 304 to who has this version, and the file to who has another', async () => {
    await start();
    const etag = (await get('/sdk/bellhop.js')).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await get('/sdk/bellhop.js', { 'If-None-Match': known });
      expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([304, '', etag]);
      expect(answer.headers.get('cache-control')).toBe('no-cache');
    }
    const answer = await get('/sdk/bellhop.js', { 'If-None-Match': '"other"' });
    expect([answer.status, answer.text]).toEqual([200, SDK['bellhop.js']]);
    expect((await get('/sdk/bellhop-sw.js')).headers.get('etag')).not.toBe(etag);
  });

  it('has nothing where the SDK was not built', async () => {
    await start({ sdk: null });
    const answer = await api.app.request('/sdk/bellhop.js');
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'route_not_found' }]);
  });

  it('is under 4 KB gzipped, as it is built', async () => {
    await start({ sdk: readSdkFiles() });
    const octets = async (name: string) => gzipSync((await get(`/sdk/${name}`)).text).byteLength;
    expect(await octets('bellhop.js')).toBeLessThan(4096);
    expect(await octets('bellhop-sw.js')).toBeLessThan(3072);
    expect(await octets('preferences.js')).toBeLessThan(4096);
  });

  it.each([
    ['bellhop.d.ts', ['function createBellhop', 'class BellhopError', 'type BellhopStatus', 'type BellhopOptions']],
    [
      'preferences.d.ts',
      ['function createPreferences', 'function preferencesForm', 'class BellhopError', 'type Wishes'],
    ],
  ])('has types that stand alone and name everything: %s', async (file, names) => {
    await start({ sdk: readSdkFiles() });
    const { text } = await get(`/sdk/${file}`);
    expect(text).not.toMatch(/^import|from '|import\(/m);
    for (const name of names) expect(text).toMatch(new RegExp(`^export (declare )?${name}\\b`, 'm'));
  });
});
