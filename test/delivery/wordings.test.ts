import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { usersNamed } from '../../src/domain/audience/audience.ts';
import type { Worded, Wording } from '../../src/domain/content/wording.ts';
import { newUser, patched } from '../../src/domain/user/user.ts';
import { startEngine } from '../support/engine.ts';
import { fanOutJob, sampleAcceptance, sampleNotification } from '../support/samples.ts';

const wording: Wording = {
  defaultLocale: 'en',
  variables: { name: 'string', n: 'number', at: 'datetime' },
  locales: {
    en: { title: 'Hello {name}', body: '{n, plural, one {# file} other {# files}}, {at, time, short}', url: '/{name}' },
    ar: { title: 'مرحبا {name}', body: '{n, plural, two {ملفان} other {# ملف}}' },
  },
};

it('each device decrypts the text of its user, by a template, in its locale and zone', async () => {
  const engine = await startEngine();
  await engine.start();
  const { store, queue } = engine;
  await store.templates.add({ key: 'files', version: 1, wording, createdAtMs: 0 });
  const [ada, bob] = [await engine.subscribe('ada'), await engine.subscribe('bob')];
  const nowMs = systemClock.now();
  await store.users.change(newUser('ada', nowMs), (user) => patched(user, { timeZone: 'Asia/Tokyo' }, nowMs));
  await store.users.change(newUser('bob', nowMs), (user) => patched(user, { locale: 'ar' }, nowMs));
  const worded: Worded = {
    source: { kind: 'template', template: { key: 'files', version: 1 } },
    values: { at: '2026-01-31T12:00:00Z' },
    isPersonal: true,
    shown: { title: 'Hello {name}' },
  };
  const content = { type: 'files', title: 'Hello {name}', icon: '/i.png', worded };
  const notification = sampleNotification({ acceptedAtMs: nowMs, userCount: 2, content });
  const audience = usersNamed(['ada', 'bob']);
  const values = [
    { name: 'Ada & Co', n: 1 },
    { name: 'Bob', n: 2 },
  ];
  await store.notifications.accept({ ...sampleAcceptance(notification, [], { audience }), values });
  await queue.enqueueMany([fanOutJob(notification)]);
  const payloads = [await ada.device.nextPush(), await bob.device.nextPush()].map(({ payload }) =>
    JSON.parse(payload ?? '{}'),
  );
  expect(payloads).toMatchObject([
    {
      title: 'Hello Ada & Co',
      body: expect.stringMatching(/^1 file, 9:00\sPM$/),
      url: '/Ada%20%26%20Co',
      icon: '/i.png',
      locale: 'en',
      dir: 'ltr',
    },
    { title: 'مرحبا Bob', body: 'ملفان', icon: '/i.png', locale: 'ar', dir: 'rtl' },
  ]);
  await engine.dispose();
});
