import { afterEach, describe, expect, it } from 'vitest';
import { createPreferences } from '../../src/sdk/own-preferences.ts';
import { type Move, type ScriptedServer, startScriptedServer } from '../client/scripted-server.ts';

let server: ScriptedServer;
afterEach(() => server?.close());

const tokenOf = (claims: object): string => `a.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c`;
const start = async (...moves: Move[]) => {
  server = await startScriptedServer(...moves);
};
const NOTHING = { preferences: {}, quiet_hours: null, paused_until: null, time_zone: null, locale: null };
const SAID = { ...NOTHING, preferences: { 'digest.*': false }, time_zone: 'Europe/Berlin' };

describe('preferences of the person whom the token names', () => {
  it.each(['ada', 'zoë+1@example.com', 'наталья 😀', 'a?b#c&d'])(
    'are read and patched at the path of %j',
    async (sub) => {
      await start({ status: 200, body: { ...SAID, user_id: sub, tags: ['vip'] } }, { status: 200, body: SAID });
      const preferences = createPreferences({ url: server.url, token: async () => tokenOf({ sub }) });
      expect(await preferences.get()).toEqual(SAID);
      expect(await preferences.set({ preferences: { 'digest.*': false } })).toEqual(SAID);
      expect(server.heard.map(({ method, path }) => [method, path])).toEqual([
        ['GET', `/v1/users/${encodeURIComponent(sub)}`],
        ['PATCH', `/v1/users/${encodeURIComponent(sub)}`],
      ]);
      expect(JSON.parse(String(server.heard[1]?.body))).toEqual({ preferences: { 'digest.*': false } });
      expect(server.heard[0]?.headers.authorization).toBe(`Bearer ${tokenOf({ sub })}`);
    },
  );

  it('are empty of who has said nothing yet', async () => {
    await start({ status: 404, body: { code: 'user_not_found', detail: 'Nothing was said.' } });
    expect(await createPreferences({ url: server.url, token: tokenOf({ sub: 'ada' }) }).get()).toEqual(NOTHING);
  });

  it('are another person’s where the second token is, after a 401', async () => {
    await start({ status: 401, body: {} }, { status: 200, body: SAID });
    const tokens = [tokenOf({ sub: 'ada' }), tokenOf({ sub: 'grace' })];
    await createPreferences({ url: server.url, token: () => tokens.shift() ?? '' }).get();
    expect(server.heard.map(({ path }) => path)).toEqual(['/v1/users/ada', '/v1/users/grace']);
  });

  it.each<[string, Move, object]>([
    ['a path that is not there', { status: 404, body: { code: 'route_not_found' } }, { code: 'service_refused' }],
    ['a proxy’s own page', { status: 404, body: '<html>' }, { code: 'service_refused' }],
    [
      'a patch that is wrong',
      {
        status: 400,
        body: { code: 'invalid_request', detail: 'No.', issues: [{ path: 'locale', message: 'is long' }] },
      },
      { code: 'service_refused', serviceCode: 'invalid_request', message: 'No. locale: is long.' },
    ],
    ['a token that is refused', { status: 401, body: {} }, { code: 'token_refused' }],
  ])('reject with BellhopError for %s', async (_, move, error) => {
    await start(move);
    const preferences = createPreferences({ url: server.url, token: tokenOf({ sub: 'ada' }) });
    await expect(preferences.get()).rejects.toMatchObject(error);
  });

  it.each(['a.b.c', 'a.e30.c', tokenOf({ sub: '' }), tokenOf({ sub: 1 })])('reject for the token %j', async (token) => {
    await start();
    await expect(createPreferences({ url: server.url, token }).get()).rejects.toMatchObject({ code: 'token_failed' });
    expect(server.heard).toEqual([]);
  });

  it('take options that can be right', () => {
    expect(() => createPreferences({ url: 'http://', token: 'a.b.c' })).toThrow('url must be');
    expect(() => createPreferences({} as never)).toThrow('token must be');
  });
});
