import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/app-error.ts';
import { type Api, startApi } from '../../support/api.ts';

let api: Api;
beforeEach(async () => {
  api = await startApi();
});
afterEach(() => api.dispose());

const make = (json?: object) => api.call('POST', '/v1/backups', json === undefined ? {} : { json });

describe('a backup', () => {
  it('is the answer, unless asked for elsewhere', async () => {
    const answer = await make();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(4096);
    expect(answer.text.startsWith('SQLite format 3\0')).toBe(true);
    expect(api.told).toMatchObject([{ type: 'backup.made', destination: 'answer' }]);
    expect((await api.call('GET', '/v1/backups')).body).toEqual({ items: [] });
  });

  it('goes to the folder, of which the oldest go, and is listed', async () => {
    const made: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { status, body } = await make({ destination: 'folder' });
      expect(status).toBe(201);
      made.push(body.name);
      api.clock.advance(1000);
    }
    const { items } = (await api.call('GET', '/v1/backups')).body;
    expect(items.map(({ name }: { name: string }) => name)).toEqual(made.slice(1).reverse());
    expect(items[0]).toMatchObject({ octets: expect.any(Number), made_at: expect.stringMatching(/Z$/) });
    expect(api.told.at(-1)).toMatchObject({ type: 'backup.made', destination: 'folder' });
  });

  it('is refused while another is made', async () => {
    const answers = await Promise.all([1, 2].map(() => make({ destination: 'folder' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ code: 'backup_under_way' });
  });

  it('is refused where the store has none, and for what is no destination', async () => {
    expect((await make({ destination: 'moon' })).body).toMatchObject({ code: 'invalid_request' });
    expect((await make({ sealed_keys: '' })).body).toMatchObject({ code: 'invalid_request' });
    await api.dispose();
    const refuse = async (): Promise<never> => {
      throw new AppError('backup_unavailable', 'Elsewhere.');
    };
    api = await startApi({
      wrapStore: (store) => ({ ...store, backups: { ...store.backups, make: refuse, take: refuse } }),
    });
    expect(await make()).toMatchObject({ status: 409, body: { code: 'backup_unavailable' } });
  });
});
