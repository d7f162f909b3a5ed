import { afterEach, expect, it } from 'vitest';
import { parseProxyExceptions, parseProxyServer } from '../../src/domain/push-service/proxy.ts';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts';
import { type Engine, startEngine } from '../support/engine.ts';

let proxy: ConnectProxy;
let engine: Engine;
afterEach(async () => {
  await engine.dispose();
  await proxy.close();
});

it('a proxy that fails is one outage: the lane closes, no retry is spent, and afterwards all of it is sent', async () => {
  proxy = await startConnectProxy();
  proxy.answerWith(407);
  const server = parseProxyServer(proxy.url);
  if ('problem' in server) throw new Error(server.problem);
  engine = await startEngine({ proxy: { server, from: 'HTTPS_PROXY', exceptions: parseProxyExceptions('') } });
  await engine.start();
  const users = ['ada', 'ben', 'cat', 'dan', 'eve'];
  const devices = await Promise.all(users.map((user) => engine.subscribe(user)));
  const notifications = [await engine.notify(users), await engine.notify(users)];
  await engine.when('lane.closed');
  const failed = engine.told.filter((event) => event.type === 'delivery.settled');
  for (const { attempt } of failed) {
    expect(attempt).toMatchObject({ outcome: 'retryable', error: expect.stringContaining(proxy.name) });
    expect(attempt?.remedy).toContain(`Check user and password for ${proxy.name}`);
  }
  proxy.answerWith(null);
  for (const { subscription } of devices) {
    for (const notification of notifications) {
      expect(await engine.ended(notification, subscription)).toMatchObject({ state: 'delivered', retryCount: 0 });
    }
    expect(await engine.store.subscriptions.get(subscription.id)).toMatchObject({ retired: null });
  }
  await engine.when('lane.opened');
});
