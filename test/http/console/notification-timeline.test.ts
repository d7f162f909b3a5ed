import { expect, it } from 'vitest';
import { SECRET, startApi } from '../../support/api.ts';
import { ConsoleVisitor } from '../../support/console-visitor.ts';

it('tells when deliveries were made and when all had ended, as the API does', async () => {
  const api = await startApi();
  const operator = new ConsoleVisitor(api);
  await operator.post('sign-in', { secret: SECRET });
  const subscription = await api.register('bob');
  const { id } = await api.notify(['bob']);
  await api.deliver(id, subscription, 'failed');
  const { fan_out_began_at, fan_out_ended_at, completed_at } = (await api.call('GET', `/v1/notifications/${id}`)).body;
  expect([fan_out_began_at, fan_out_ended_at]).toEqual([expect.any(String), fan_out_began_at]);
  const { text } = await operator.get(`notification?id=${id}`);
  for (const [says, at] of [
    ['Deliveries made', fan_out_ended_at],
    ['Completed', completed_at],
  ])
    expect(text).toContain(`<li>${says} <time datetime="${at}"`);
  await api.dispose();
});

it('shows the trace of each attempt where spans are told, as the API does', async () => {
  const api = await startApi({ settings: [['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4318']] });
  const operator = new ConsoleVisitor(api);
  await operator.post('sign-in', { secret: SECRET });
  const subscription = await api.register('bob');
  const { id } = await api.notify(['bob']);
  const delivery = await api.deliver(id, subscription, 'failed');
  const [attempt] = (await api.call('GET', `/v1/deliveries/${delivery.id}`)).body.attempts;
  expect(attempt.trace_id).toMatch(/^[0-9a-f]{32}$/);
  expect((await operator.get(`delivery?id=${delivery.id}`)).text).toContain(`<code>${attempt.trace_id}</code>`);
  await api.dispose();
});

it('tells for which audience it was', async () => {
  const api = await startApi();
  const operator = new ConsoleVisitor(api);
  await operator.post('sign-in', { secret: SECRET });
  const send = async (audience: object) => {
    const json = { type: 'note', title: 'x', audience };
    const { id } = (await api.call('POST', '/v1/notifications', { json })).body;
    const { body } = await api.call('GET', `/v1/notifications/${id}`);
    return [
      body.audience,
      /<dt>Audience<\/dt><dd>(.*?)<\/dd>/.exec((await operator.get(`notification?id=${id}`)).text)?.[1],
    ];
  };
  const tags = 'beta && !trial';
  expect(await send({ tags })).toEqual([{ everyone: false, tags }, '<code>beta &amp;&amp; !trial</code>']);
  expect(await send({ everyone: true })).toEqual([{ everyone: true, tags: null }, 'everyone']);
  const { id } = await api.notify(['bob']);
  expect((await api.call('GET', `/v1/notifications/${id}`)).body.audience).toBeNull();
  await api.dispose();
});
