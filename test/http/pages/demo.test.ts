import { beforeEach, describe, expect, it } from 'vitest';
import type { DemoVisitor } from '../../support/demo-visitor.ts';
import { statusesOfPage } from '../../support/page-files.ts';
import { readEvents } from '../../support/server-sent-events.ts';
import { until } from '../../support/until.ts';
import { demoService } from './demo-service.ts';

const demo = demoService();

describe('the demo page', () => {
  it('is not there unless it is switched on', async () => {
    await demo.start({ DEMO_PAGE: 'false' });
    for (const path of ['/demo', '/demo/demo.js']) expect((await fetch(demo.service.address + path)).status).toBe(404);
    const answer = await demo.visitor().post('/demo/notifications', { title: 'x' });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, 'route_not_found']);
  });

  it('comes with a policy that lets in nothing but its own files, and those are all there', async () => {
    await demo.start();
    const page = await fetch(`${demo.service.address}/demo`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(page.headers.get('access-control-allow-origin')).toBeNull();
    const html = await page.text();
    expect(html).not.toMatch(/ style=| on[a-z]+=|(?:src|href)="https?:/);
    const statuses = Object.entries(await statusesOfPage(demo.service.address, '/demo'));
    expect(statuses.length).toBeGreaterThan(8);
    expect(statuses.filter(([, status]) => status !== 200)).toEqual([]);
  });

  it('makes each browser a user of its own, known by a cookie that no script reads and no other site sends', async () => {
    await demo.start();
    const page = await fetch(`${demo.service.address}/demo`);
    expect(page.headers.get('set-cookie')).toMatch(
      /^bellhop_demo=demo-[\w-]{22}\.[\w-]{43}; Max-Age=\d+; Path=\/demo; HttpOnly; SameSite=Strict$/,
    );
    const [ada, bob] = [demo.visitor(), demo.visitor()];
    const [first, second] = [await ada.subscribe(), await ada.subscribe()];
    expect(second.user_id).toBe(first.user_id);
    expect((await bob.subscribe()).user_id).not.toBe(first.user_id);
  });

  it('takes no cookie that it did not sign', async () => {
    await demo.start();
    const ada = demo.visitor();
    const { user_id } = await ada.subscribe();
    const [, mac = ''] = ada.cookie?.split('.') ?? [];
    expect(ada.cookie).toBe(`bellhop_demo=${user_id}.${mac}`);
    const madeUp = `demo-${'a'.repeat(22)}`;
    for (const value of [
      'ada',
      user_id,
      `${user_id}.`,
      `${user_id}.${mac.slice(1)}`,
      `${user_id}.${mac}x`,
      `${user_id}.${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`,
      madeUp,
      `${madeUp}.${mac}`,
      `.${mac}`,
    ]) {
      const cuckoo = demo.visitor();
      cuckoo.cookie = `bellhop_demo=${value}`;
      const registered = await cuckoo.subscribe();
      expect(registered.user_id).toMatch(/^demo-[\w-]{22}$/);
      expect([user_id, madeUp]).not.toContain(registered.user_id);
    }
  });

  it('is no part of the API’s description', async () => {
    await demo.start();
    expect(await (await fetch(`${demo.service.address}/openapi.json`)).text()).not.toContain('/demo');
  });
});

describe('another site', () => {
  const paths = ['/demo/token', '/demo/notifications'];
  beforeEach(() => demo.start({ CORS_ALLOWED_ORIGINS: '*' }));

  it.each([
    ['a page of another site', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
    ['a page of another port', { 'Sec-Fetch-Site': 'same-site' }],
    ['a link or an address typed in', { 'Sec-Fetch-Site': 'none' }],
  ])('%s may not act for the visitor', async (_, headers) => {
    for (const path of paths) {
      const answer = await demo.visitor().post(path, { title: 'x' }, headers);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'not_same_origin']);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
  });

  it('may not where the browser tells no more than the origin, or nothing', async () => {
    const call = (headers: Record<string, string>) =>
      fetch(`${demo.service.address}/demo/token`, { method: 'POST', headers: { ...headers } });
    expect((await call({ Origin: 'https://evil.example' })).status).toBe(403);
    expect((await call({ Origin: 'null' })).status).toBe(403);
    expect((await call({})).status).toBe(403);
    expect((await call({ Origin: demo.service.address })).status).toBe(201);
  });

  it('gets no preflight through', async () => {
    const answer = await fetch(`${demo.service.address}/demo/token`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST' },
    });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('sending to oneself', () => {
  beforeEach(() => demo.start());

  it('tells every state on the way, to the end', async () => {
    const ada = demo.visitor();
    const { device } = await ada.subscribe([{ status: 503 }, {}]);
    const views = await ada.views(await ada.send({ title: 'Grüße 🛎', body: 'b', url: '/demo' }));
    const [delivery] = views.at(-1)!.deliveries;
    expect(delivery.states.map(({ state }: { state: string }) => state)).toEqual([
      'pending',
      'sending',
      'retrying',
      'sending',
      'delivered',
    ]);
    expect(delivery.attempts[0]).toMatchObject({ http_status: 503, remedy: expect.stringMatching(/.+/) });
    expect(views.at(-1)!.notification.status).toBe('completed');
    const push = device.requests.at(-1);
    expect(JSON.parse(push?.payload ?? '')).toMatchObject({ title: 'Grüße 🛎', body: 'b', url: '/demo' });
  });

  it('ends as well when there is nobody to send to, and when the subscription is gone', async () => {
    const ada = demo.visitor();
    expect((await ada.views(await ada.send())).at(-1)!.deliveries).toEqual([]);
    await ada.subscribe([{ status: 410 }]);
    const [delivery] = (await ada.views(await ada.send())).at(-1)!.deliveries;
    expect([delivery.state, delivery.reason]).toEqual(['pruned', 'subscription_gone']);
  });

  it('reaches nobody else, and nobody else sees it', async () => {
    const [ada, bob] = [demo.visitor(), demo.visitor()];
    await ada.subscribe();
    const { device } = await bob.subscribe();
    const id = await ada.send();
    expect((await ada.views(id)).at(-1)!.deliveries).toHaveLength(1);
    expect(device.requests).toEqual([]);
    const stranger = demo.visitor();
    for (const other of [bob, stranger]) expect((await other.open(id)).answer.status).toBe(404);
  });

  it('tells why a visitor who does not wish it gets nothing, and nobody else’s reasons', async () => {
    const ada = demo.visitor();
    const { token, user_id: user, device } = await ada.subscribe();
    const answer = await fetch(`${demo.service.address}/v1/users/${user}`, {
      method: 'PATCH',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ preferences: { 'bellhop.demo': false } }),
    });
    expect(answer.status).toBe(200);
    const id = await ada.send();
    const last = (await ada.views(id)).at(-1);
    expect(last).toMatchObject({
      notification: { status: 'completed' },
      deliveries: [],
      explanation: {
        reason: 'opted_out',
        sentence: expect.stringMatching(/^No: opted out of `bellhop.demo` on .*\. Without that: now, on 1 device\.$/),
        at: expect.stringMatching(/Z$/),
      },
    });
    expect(device.received).toEqual([]);
    expect((await demo.visitor().open(id)).answer.status).toBe(404);
  });

  it('shows nothing of what back ends send', async () => {
    const ada = demo.visitor();
    const { user_id } = await ada.subscribe();
    const answer = await fetch(`${demo.service.address}/v1/notifications`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${demo.secret}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        type: 'order',
        title: 'Not for the page',
        user_ids: [user_id],
        data: { demo_user: user_id },
      }),
    });
    const { id } = (await answer.json()) as { id: string };
    expect((await ada.open(id)).answer.status).toBe(404);
  });

  it.each([
    ['no title', {}],
    ['an empty title', { title: '' }],
    ['a link that runs a script', { title: 'x', url: 'javascript:alert(1)' }],
    ['other users', { title: 'x', user_ids: ['ada'] }],
  ])('refuses %s', async (_, body) => {
    const answer = await demo.visitor().post('/demo/notifications', body);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'invalid_request']);
  });

  it('is for people: more than a few a second are refused, and say when to try again', async () => {
    const ada = demo.visitor();
    await ada.fetch('/demo');
    const statuses: number[] = [];
    let last: Response | null = null;
    for (let count = 0; count < 12; count++) {
      last = await ada.post('/demo/notifications', { title: 'x' });
      statuses.push(last.status);
    }
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(202));
    expect(statuses.at(-1)).toBe(429);
    expect(last!.headers.get('retry-after')).toMatch(/^[123]$/);
    expect((await demo.visitor().post('/demo/notifications', { title: 'x' })).status).toBe(202);
  });
});

describe('a stream', () => {
  beforeEach(() => demo.start({ RETRY_BASE_MS: '600000', RETRY_MAX_MS: '600000' }));

  /** A notification that is on its way for as long as a test may last. */
  const slow = async (who: DemoVisitor): Promise<string> => {
    await who.subscribe([{ status: 503, retryAfterSeconds: 500 }]);
    return who.send();
  };

  it('is given up when the page goes: its place is free again', async () => {
    const ada = demo.visitor();
    const id = await slow(ada);
    const open = [];
    for (let count = 0; count < 4; count++) open.push(await ada.open(id));
    expect(open.map(({ answer }) => answer.status)).toEqual([200, 200, 200, 200]);
    expect((await ada.open(id)).answer.status).toBe(429);
    open[0]!.abort.abort();
    await until('a place is free', async () => (await ada.open(id)).answer.status === 200);
  });

  it('ends when the service stops, which waits for none', async () => {
    const ada = demo.visitor();
    const { answer } = await ada.open(await slow(ada));
    const events = readEvents(answer);
    const startedAtMs = performance.now();
    await demo.service.stop();
    expect((await events).length).toBeGreaterThan(0);
    // Connections that are still open are cut after five seconds.
    expect(performance.now() - startedAtMs).toBeLessThan(4000);
  });
});
