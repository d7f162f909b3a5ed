import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Api, startApi } from '../support/api.ts';
import { NOW_MS } from '../support/samples.ts';

const HOUR_MS = 3_600_000;
const NOTIFICATION = { type: 'digest.daily', user_ids: ['ada'], title: 'before' };
const HOURLY = { cron: '0 * * * *', time_zone: 'UTC', notification: NOTIFICATION };

let api: Api;
beforeEach(async () => {
  api = await startApi();
  await put(HOURLY);
});
afterEach(() => api.dispose());

const put = (json: unknown) => api.call('PUT', '/v1/schedules/s', { json });
const at = (hours: number): string => new Date(NOW_MS + hours * HOUR_MS).toISOString();

async function occurrences() {
  const { items } = (await api.call('GET', '/v1/schedules/s/occurrences')).body;
  const titles = items.map(async ({ at: dueAt, notification_id: id }: { at: string; notification_id: string }) => [
    dueAt,
    (await api.call('GET', `/v1/notifications/${id}`)).body.title,
  ]);
  return Promise.all(titles);
}

async function settleDue(): Promise<void> {
  for (const schedule of await api.store.schedules.due(api.clock.now(), 10)) await api.occurrences.settle(schedule);
}

it('has what is due sent as it was said before, when its times are changed in that very second', async () => {
  api.clock.advance(HOUR_MS);
  const { body } = await put({ ...HOURLY, cron: '30 * * * *', notification: { ...NOTIFICATION, title: 'after' } });
  expect(body.next_at).toBe(at(1.5));
  await settleDue();
  expect(await occurrences()).toEqual([[at(1), 'before']]);
  api.clock.advance(HOUR_MS / 2);
  await settleDue();
  expect(await occurrences()).toEqual([
    [at(1.5), 'after'],
    [at(1), 'before'],
  ]);
});

it('sends nothing twice where a change names the time again that was just sent', async () => {
  api.clock.advance(HOUR_MS);
  await settleDue();
  const { body } = await put({ ...HOURLY, cron: '0 1,3 * * *' });
  expect(body.next_at).toBe(at(3));
  await settleDue();
  expect(await occurrences()).toEqual([[at(1), 'before']]);
});

it('begins anew under a key that was deleted, after now, and with a list of its own', async () => {
  api.clock.advance(HOUR_MS);
  await settleDue();
  await api.call('DELETE', '/v1/schedules/s');
  expect((await put(HOURLY)).body).toMatchObject({ next_at: at(2), latest: [] });
  expect(await occurrences()).toEqual([]);
  api.clock.advance(HOUR_MS);
  await settleDue();
  expect(await occurrences()).toEqual([[at(2), 'before']]);
});

it('is over after its end, and says so', async () => {
  await put({ ...HOURLY, ends_at: at(1.5) });
  api.clock.advance(HOUR_MS);
  await settleDue();
  expect((await api.call('GET', '/v1/schedules/s')).body).toMatchObject({
    next_at: null,
    latest: [{ status: 'sent' }],
  });
});
