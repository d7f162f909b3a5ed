import { expect, it } from 'vitest';
import { startApi } from '../../support/api.ts';
import { NOW_MS } from '../../support/samples.ts';

it('lists the process that answers, whom only a key that may read asks', async () => {
  const api = await startApi();
  const { status, body } = await api.call('GET', '/v1/processes');
  expect([status, body.items]).toEqual([
    200,
    [
      {
        id: 'the-one-under-test',
        ...{ host: 'machine-1', pid: 4711, version: '1.2.3', roles: ['api', 'worker'] },
        started_at: new Date(NOW_MS).toISOString(),
      },
    ],
  ]);
  const refused = await api.call('GET', '/v1/processes', { secret: 'secret-that-sends-only', keyId: 'sends-only' });
  expect(refused.status).toBe(403);
  await api.dispose();
});
