import { expect, it } from 'vitest';
import { describeWithMongod, mongoForSuite } from '../../support/mongodb.ts';
import { NOW_MS } from '../../support/samples.ts';

const WORDING = { defaultLocale: 'en', variables: {}, locales: { en: { title: 'Hello' } } };

describeWithMongod('a template on MongoDB whose deletion was cut short', () => {
  const suite = mongoForSuite();

  it('is deleted for whoever looks next', async () => {
    const { templates } = suite.store;
    await templates.add({ key: 'a', version: 1, wording: WORDING, createdAtMs: NOW_MS });
    await suite.collections.templates.updateOne({ _id: 'a 1' }, { $set: { endedAtMs: NOW_MS + 7 } });
    expect((await templates.list({ cursor: null, limit: 10 })).items).toEqual([]);
    expect(await templates.noteNaming(['a'])).toBe('a');
    const deleted = { key: 'a', version: 2, wording: null, createdAtMs: NOW_MS + 7 };
    expect(await templates.newest('a')).toEqual(deleted);
    expect(await templates.get('a', 2)).toEqual(deleted);
    expect(await suite.collections.templates.countDocuments({ deletedAtMs: NOW_MS + 7 })).toBe(1);
    expect(await templates.add({ key: 'a', version: 3, wording: WORDING, createdAtMs: NOW_MS + 8 })).toBe(true);
    expect(await templates.noteNaming(['a'])).toBeNull();
  });

  it('is there where another version came first', async () => {
    const { templates } = suite.store;
    for (const version of [1, 2]) await templates.add({ key: 'b', version, wording: WORDING, createdAtMs: NOW_MS });
    await suite.collections.templates.updateOne({ _id: 'b 1' }, { $set: { endedAtMs: NOW_MS } });
    expect(await templates.newest('b')).toMatchObject({ version: 2, wording: WORDING });
    expect((await templates.list({ cursor: null, limit: 10 })).items.at(-1)).toMatchObject({ key: 'b', version: 2 });
  });
});
