import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Api, SECRET, startApi } from '../../support/api.ts';
import { NOW_MS, sampleSubscription } from '../../support/samples.ts';
import { until } from '../../support/until.ts';

let api: Api;
let stopping: AbortController;
beforeEach(async () => {
  stopping = new AbortController();
  api = await startApi({ stopping: stopping.signal });
});
afterEach(async () => {
  stopping.abort();
  await api.dispose();
});

const DAY_MS = 86_400_000;
const at = new Date(NOW_MS).toISOString();

/** Has so many subscriptions register: an event each. */
async function announce(count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => api.store.subscriptions.register(sampleSubscription())));
}

describe('GET /v1/events as JSON', () => {
  it('gives what happened in order, and where to go on', async () => {
    const { id } = await api.register('ada');
    await api.register('bob');
    const { status, body } = await api.call('GET', '/v1/events?limit=1');
    expect(status).toBe(200);
    const data = { subscription_id: id, cause: 'registered' };
    const items = [{ sequence: 1, id: expect.stringMatching(/^evt_/), type: 'subscription.created', at, data }];
    expect(body).toEqual({ items, next_after: 1, has_more: true, resync: false });
    const second = (await api.call('GET', '/v1/events?after=1')).body;
    expect(second).toMatchObject({ items: [{ sequence: 2 }], next_after: 2, has_more: false });
    expect((await api.call('GET', '/v1/events?after=2')).body).toMatchObject({ items: [], next_after: 2 });
    expect((await api.call('GET', '/v1/events?after=latest')).body).toMatchObject({ items: [], next_after: 2 });
  });

  it('tells who reads too seldom, or has read what a backup knows nothing of', async () => {
    await announce(3);
    await api.store.events.forget(NOW_MS + DAY_MS);
    const gap = { items: [{ sequence: 3 }], next_after: 3, resync: true };
    expect((await api.call('GET', '/v1/events?after=1')).body).toMatchObject(gap);
    expect((await api.call('GET', '/v1/events?after=9')).body).toMatchObject(gap);
    expect((await api.call('GET', '/v1/events?after=2')).body).toMatchObject({ ...gap, resync: false });
    expect((await api.call('GET', '/v1/events')).body).toMatchObject({ ...gap, resync: false });
  });

  it('writes instants as instants', async () => {
    const { id, user_id } = await api.register('ada');
    const { id: notificationId } = await api.notify(['ada']);
    await api.deliver(notificationId, { id, user_id }, 'failed');
    const { items } = (await api.call('GET', '/v1/events?after=1')).body;
    expect(items).toMatchObject([
      { type: 'delivery.failed', data: { notification_id: notificationId, subscription_id: id, attempts: 1 } },
      { type: 'notification.completed', data: { notification_id: notificationId, status: 'completed' } },
    ]);
  });

  it('refuses what is no number, and a key that may not read', async () => {
    for (const query of ['after=x', 'after=-1', 'after=1.5', 'limit=0', `after=${'9'.repeat(16)}`])
      expect(await api.call('GET', `/v1/events?${query}`)).toMatchObject({ status: 400 });
    const headers = { 'Last-Event-ID': 'x' };
    expect(await api.call('GET', '/v1/events', { headers })).toMatchObject({ status: 400 });
    const key = { keyId: 'sends-only', secret: 'secret-that-sends-only' };
    expect(await api.call('GET', '/v1/events', key)).toMatchObject({ body: { code: 'insufficient_scope' } });
  });
});

/** A reader of the stream, by hand: `next` reads what comes up to the next blank line. */
async function openStream(query = '', headers: Record<string, string> = {}) {
  const given = { Authorization: `Bearer ${SECRET}`, Accept: 'text/event-stream', ...headers };
  const answer = await api.app.request(`/v1/events${query}`, { headers: given });
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let ends = 0;
  const ended = (): string => {
    ends += 1;
    if (ends > 1) throw new Error('it has ended');
    return 'the end';
  };
  const next = async (): Promise<string> => {
    while (!text.includes('\n\n')) {
      const { value, done } = await reader.read();
      if (done) return ended();
      text += value;
    }
    const end = text.indexOf('\n\n');
    const block = text.slice(0, end);
    text = text.slice(end + 2);
    return block;
  };
  return { answer, next, cancel: () => reader.cancel() };
}

const sequenceIn = (block: string): number => Number(/^id: (\d+)$/m.exec(block)?.[1]);

describe('GET /v1/events as a stream', () => {
  it('gives what is there and then what comes, and a comment where nothing does', async () => {
    await announce(1);
    const { answer, next } = await openStream();
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    expect(answer.headers.get('x-accel-buffering')).toBe('no');
    expect(await next()).toBe(': here');
    const [id, event, data] = (await next()).split('\n');
    expect([id, event]).toEqual(['id: 1', 'event: subscription.created']);
    const { items } = (await api.call('GET', '/v1/events')).body;
    expect(JSON.parse(data!.slice('data: '.length))).toEqual(items[0]);
    const coming = next();
    await announce(1);
    await moved(() => coming);
    expect(await coming).toContain('id: 2');
    const silence = next();
    await moved(() => silence, 1000);
    expect(await silence).toBe(': still here');
  });

  it('goes on after the last event that a browser had, and says where something is gone', async () => {
    await announce(3);
    const again = await openStream('?after=1', { 'Last-Event-ID': '2' });
    expect(await again.next()).toBe(': here');
    expect(await again.next()).toContain('id: 3');
    await api.store.events.forget(NOW_MS + DAY_MS);
    const late = await openStream('', { 'Last-Event-ID': '1' });
    await late.next();
    expect(await late.next()).toBe('id: 2\nevent: resync\ndata: {"after":2}');
    expect(await late.next()).toContain('id: 3');
  });

  it('ends when the service stops', async () => {
    const { next } = await openStream('?after=latest');
    await next();
    const end = next();
    await setImmediate();
    stopping.abort();
    expect(await end).toBe('the end');
  });

  it('gives 20 readers the same, one of them slow, one of them coming again', async () => {
    await announce(150);
    const readers = await Promise.all(Array.from({ length: 20 }, () => openStream()));
    const read = async (index: number): Promise<number[]> => {
      let { next, cancel } = readers[index]!;
      const seen: number[] = [];
      while (seen.length < 160) {
        const sequence = sequenceIn(await next());
        if (!Number.isNaN(sequence)) seen.push(sequence);
        if (index === 0) await setImmediate();
        if (index === 1 && sequence === 70) {
          await cancel();
          ({ next, cancel } = await openStream('', { 'Last-Event-ID': String(sequence) }));
        }
      }
      await cancel();
      return seen;
    };
    const all = Promise.all(readers.map((_, index) => read(index)));
    await announce(10);
    const seen = await moved(() => all);
    const expected = Array.from({ length: 160 }, (_, index) => index + 1);
    expect(seen).toEqual(readers.map(() => expected));
  });

  it('reads for a slow reader no more than one reading ahead', async () => {
    await announce(10);
    let reads = 0;
    const { after } = api.store.events;
    api.store.events.after = async (sequence) => {
      reads += 1;
      return after(sequence, 3);
    };
    const { next } = await openStream();
    await next();
    await next();
    await setImmediate();
    await setImmediate();
    expect(reads).toBeLessThanOrEqual(2);
  });
});

/** Lets the clock run until it has come. */
async function moved<Value>(work: () => Promise<Value>, stepMs = 500): Promise<Value> {
  let isDone = false;
  const done = work().finally(() => {
    isDone = true;
  });
  await until('it comes', () => {
    if (!isDone) api.clock.advance(stepMs);
    return isDone;
  });
  return done;
}
