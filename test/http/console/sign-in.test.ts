import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor } from '../../support/console-visitor.ts';

const MINUTE_MS = 60_000;

let api: Api;

beforeEach(async () => {
  api = await startApi();
});

afterEach(() => api.dispose());

async function linkFor(role: 'viewer' | 'operator' = 'operator', name = 'Ann'): Promise<string> {
  const { status, body } = await api.call('POST', '/v1/console-links', { json: { role, name } });
  expect(status).toBe(201);
  return (body.path as string).replace('/console/', '');
}

async function signedIn(role: 'viewer' | 'operator' = 'operator'): Promise<ConsoleVisitor> {
  const visitor = new ConsoleVisitor(api);
  await visitor.get(await linkFor(role));
  expect((await visitor.post('link')).status).toBe(303);
  return visitor;
}

describe('a link', () => {
  it('signs in by its button, and leaves its token in no page and no address', async () => {
    const visitor = new ConsoleVisitor(api);
    const link = await linkFor();
    const token = link.split('=')[1]!;
    const opened = await visitor.get(link);
    expect([opened.status, opened.headers.get('location')]).toEqual([303, 'link']);
    const page = await visitor.get('link');
    expect(page.text).toContain('This link is for <strong>Ann</strong>, as operator.');
    expect(page.text).not.toContain(token);
    const used = await visitor.post('link');
    expect([used.status, used.headers.get('location')]).toEqual([303, 'overview']);
    expect((await visitor.get('overview')).text).toContain('Ann <small>operator</small>');
    expect([...visitor.jar.keys()]).toEqual(['bellhop_console']);
    expect(api.lines.map((line) => JSON.stringify(line)).join()).not.toContain(token);
  });

  it('is not used up by whoever only opens its address, and by one button only', async () => {
    const link = await linkFor();
    for (let previews = 0; previews < 3; previews += 1) await new ConsoleVisitor(api).get(link);
    const [one, other] = [new ConsoleVisitor(api), new ConsoleVisitor(api)];
    for (const each of [one, other]) await each.get(link);
    const answers = await Promise.all([one, other].map((each) => each.post('link')));
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 403]);
    const again = await one.get(link).then(() => one.post('link'));
    expect([again.status, again.text]).toEqual([403, expect.stringContaining('This link was used')]);
  });

  it('is too late after five minutes', async () => {
    const visitor = new ConsoleVisitor(api);
    await visitor.get(await linkFor());
    api.clock.advance(5 * MINUTE_MS);
    const late = await visitor.post('link');
    expect([late.status, late.text]).toEqual([403, expect.stringContaining('older than five minutes')]);
  });

  it('of an operator takes a key with every scope, one of a viewer does not', async () => {
    const given = { secret: 'secret-that-manages-only', keyId: 'manages-only' };
    const refused = await api.call('POST', '/v1/console-links', { json: {}, ...given });
    expect([refused.status, refused.body.code]).toEqual([403, 'insufficient_scope']);
    const viewer = await api.call('POST', '/v1/console-links', { json: { role: 'viewer' }, ...given });
    expect([viewer.status, viewer.body.role]).toEqual([201, 'viewer']);
  });

  it.each(['', ' Ann', 'Ann\u0000', '<b>', 'x'.repeat(65)])('is made for nobody called %j', async (name) => {
    const { status } = await api.call('POST', '/v1/console-links', { json: { name } });
    expect(status).toBe(400);
  });
});

describe('the API secret', () => {
  it('signs in, back to the page that was asked for', async () => {
    const visitor = new ConsoleVisitor(api);
    const asked = await visitor.get('overview?from=mail');
    expect([asked.status, asked.headers.get('location')]).toEqual([303, 'sign-in?to=overview%3Ffrom%3Dmail']);
    const done = await visitor.post('sign-in', { secret: ` ${SECRET}\n`, to: 'overview?from=mail' });
    expect([done.status, done.headers.get('location')]).toEqual([303, 'overview?from=mail']);
    expect((await visitor.get('overview')).text).toContain('default <small>operator</small>');
  });

  it.each(['//evil.example', 'https://evil.example', '/x', '../v1/users', 'javascript:alert(1)', 'a\nb'])(
    'leads nobody to %j',
    async (to) => {
      const done = await new ConsoleVisitor(api).post('sign-in', { secret: SECRET, to });
      expect(done.headers.get('location')).toBe('overview');
    },
  );

  it('gives the role that its scopes allow', async () => {
    const reader = new ConsoleVisitor(api);
    await reader.post('sign-in', { secret: 'secret-that-reads-only' });
    expect((await reader.get('overview')).text).toContain('<small>viewer</small>');
    const sender = await new ConsoleVisitor(api).post('sign-in', { secret: 'secret-that-sends-only' });
    expect([sender.status, sender.cookies]).toEqual([403, []]);
  });

  it('is taken ten times at once from one address, and links are not held up by it', async () => {
    const visitor = new ConsoleVisitor(api);
    const statuses: number[] = [];
    for (let tries = 0; tries < 11; tries += 1) statuses.push((await visitor.post('sign-in', { secret: 'no' })).status);
    expect(statuses).toEqual([...Array(10).fill(403), 429]);
    expect((await visitor.post('sign-in', { secret: SECRET })).status).toBe(429);
    await visitor.get(await linkFor());
    expect((await visitor.post('link')).status).toBe(303);
    api.clock.advance(MINUTE_MS);
    expect((await visitor.post('sign-in', { secret: SECRET })).status).toBe(303);
  });
});

describe('a session', () => {
  it('lasts twelve hours', async () => {
    const visitor = await signedIn();
    api.clock.advance(12 * 60 * MINUTE_MS - 1);
    expect((await visitor.get('overview')).status).toBe(200);
    api.clock.advance(1);
    expect((await visitor.get('overview')).status).toBe(303);
  });

  it('ends with sign-out, at the server too', async () => {
    const visitor = await signedIn();
    const kept = new Map(visitor.jar);
    expect((await visitor.post('sign-out')).headers.get('location')).toBe('sign-in');
    expect(visitor.jar.size).toBe(0);
    for (const [name, value] of kept) visitor.jar.set(name, value);
    expect((await visitor.get('overview')).status).toBe(303);
  });

  it('ends with all others when they are revoked, links too', async () => {
    const [visitor, link] = [await signedIn(), await linkFor()];
    const revoked = await api.call('POST', '/v1/console-sessions/revoke');
    expect(revoked.body).toEqual({ sessions: 1 });
    expect((await visitor.get('overview')).status).toBe(303);
    await visitor.get(link);
    expect((await visitor.post('link')).status).toBe(403);
  });

  it('is a new one with each sign-in: one that somebody planted is never made more of', async () => {
    const planted = 'A'.repeat(43);
    const visitor = new ConsoleVisitor(api);
    visitor.jar.set('bellhop_console', planted);
    await visitor.post('sign-in', { secret: SECRET });
    expect(visitor.jar.get('bellhop_console')).not.toBe(planted);
    const former = visitor.jar.get('bellhop_console')!;
    await visitor.post('sign-in', { secret: SECRET });
    expect(visitor.jar.get('bellhop_console')).not.toBe(former);
    const attacker = new ConsoleVisitor(api);
    for (const token of [planted, former]) {
      attacker.jar.set('bellhop_console', token);
      expect((await attacker.get('overview')).status).toBe(303);
    }
  });
});

describe('cookies', () => {
  it('have the prefix and Secure over https', async () => {
    const visitor = new ConsoleVisitor(api, 'https://push.example.com');
    const { cookies } = await visitor.post('sign-in', { secret: SECRET });
    expect(cookies).toEqual([
      expect.stringMatching(
        /^__Host-bellhop_console=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      ),
    ]);
  });

  it('do without on this machine', async () => {
    const { cookies } = await new ConsoleVisitor(api).post('sign-in', { secret: SECRET });
    expect(cookies).toEqual([
      expect.stringMatching(/^bellhop_console=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
  });

  it('without the prefix count for nothing under another name than this machine’s', async () => {
    const visitor = await signedIn();
    const elsewhere = new ConsoleVisitor(api, 'https://push.example.com');
    elsewhere.jar.set('bellhop_console', visitor.jar.get('bellhop_console')!);
    expect((await elsewhere.get('overview')).status).toBe(303);
    elsewhere.jar.set('__Host-bellhop_console', visitor.jar.get('bellhop_console')!);
    expect((await elsewhere.get('overview')).status).toBe(200);
  });

  it('are not given over plain http elsewhere, with what to do', async () => {
    const refused = await new ConsoleVisitor(api, 'http://push.example.com').post('sign-in', { secret: SECRET });
    expect([refused.status, refused.cookies]).toEqual([403, []]);
    expect(refused.text).toContain('over https');
  });
});

describe('another page', () => {
  const FOREIGN: readonly (readonly [string, Record<string, string>])[] = [
    ['another origin', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a sibling site', { origin: 'http://app.127.0.0.1:8080', 'sec-fetch-site': 'same-site' }],
    ['another port', { origin: 'http://127.0.0.1:9999', 'sec-fetch-site': 'same-site' }],
    ['an old browser on another origin', { origin: 'https://evil.example', 'sec-fetch-site': '' }],
    ['a frame without an origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['whoever says nothing of it', { origin: '', 'sec-fetch-site': '' }],
  ];

  it.each(FOREIGN)('changes nothing: %s', async (_, given) => {
    const visitor = await signedIn();
    const headers = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
    const strip = given['sec-fetch-site'] === '' ? { 'sec-fetch-site': 'same-origin' } : {};
    for (const page of ['sign-out', 'sign-in', 'link']) {
      const answer = await visitor.post(page, { secret: SECRET }, { headers: { origin: '', ...headers, ...strip } });
      expect([answer.status, answer.cookies], page).toEqual([403, []]);
    }
    expect((await visitor.get('overview')).status).toBe(200);
  });

  it('frames nothing, and gets no script or style into a page', async () => {
    for (const page of ['sign-in', 'link', 'overview', 'nothing-here']) {
      const { headers } = await (await signedIn()).get(page);
      expect(headers.get('x-frame-options')).toBe('DENY');
      const policy = headers.get('content-security-policy')!;
      for (const rule of ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "script-src 'self'"])
        expect(policy).toContain(rule);
      expect(policy).not.toContain('unsafe');
      expect(headers.get('cache-control')).toBe('no-store');
    }
  });

  it('that leads here is led on by our own, which has the cookie', async () => {
    const visitor = new ConsoleVisitor(api);
    const fromElsewhere = await visitor.get('overview?a=1&b="', { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(fromElsewhere.status).toBe(200);
    expect(fromElsewhere.text).toContain('<meta http-equiv="refresh" content="0; url=overview?a=1&amp;b=');
  });

  it('gets no CORS headers, also where the API gives them', async () => {
    await api.dispose();
    api = await startApi({ corsAllowedOrigins: ['*'] });
    const { headers, status } = await (await signedIn()).get('overview', { headers: { origin: 'https://a.example' } });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, null]);
  });
});

it('is not served by a process that only sends', async () => {
  await api.dispose();
  api = await startApi({ servesApi: false });
  expect((await api.app.request('/console/sign-in')).status).toBe(404);
});
