import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { describeWithFirefox } from './firefox.ts';
import { type Stage, setStage, statusOn } from './stage.ts';

describeWithFirefox('a push in a real Firefox', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await setStage();
  }, 60_000);
  afterEach(() => stage.strike(), 30_000);

  it('goes all the way', async () => {
    const { site, pushServer } = stage;
    const { page, row } = await stage.subscribe();
    expect(row).toMatchObject({ user_id: 'ada', active: true, vapid_public_key: stage.publicKey() });
    expect(await statusOn(page)).toEqual({ state: 'subscribed', subscriptionId: row.id });
    const id = await stage.notify({ body: 'It left today.', url: '/orders/1' });
    await until('the worker shows it', () => site.shown.length === 1);
    console.log(JSON.stringify(site.shown), pushServer.acks, await page.evaluate('JSON.stringify(messages)'));
    expect(await stage.deliveryOf(id)).toMatchObject({ state: 'delivered' });
  }, 60_000);
});
