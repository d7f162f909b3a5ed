import { describe, expect, it } from 'vitest';
import { type Resolver, rememberMissing } from '../../src/egress/resolver.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const missing = (code: string): Error => Object.assign(new Error(code), { code });

function remembering(answer: Resolver) {
  const clock = createFakeClock();
  const askedFor: string[] = [];
  const resolve = rememberMissing((hostname) => {
    askedFor.push(hostname);
    return answer(hostname);
  }, clock);
  const ask = (hostname: string) =>
    resolve(hostname).then(
      ([found]) => found?.address,
      (error: { code: string }) => error.code,
    );
  return { clock, askedFor, ask };
}

describe('a name that does not exist', () => {
  it.each(['ENOTFOUND', 'ENODATA'])('is not asked for again for a while: %s', async (code) => {
    const { clock, askedFor, ask } = remembering(() => Promise.reject(missing(code)));
    for (let times = 0; times < 5; times += 1) expect(await ask('made-up.notify.windows.com')).toBe(code);
    expect(askedFor).toHaveLength(1);
    expect(await ask('another.notify.windows.com')).toBe(code);
    clock.advance(45_000);
    expect(await ask('made-up.notify.windows.com')).toBe(code);
    expect(askedFor).toHaveLength(3);
  });

  it('is one again once it is there', async () => {
    let isThere = false;
    const { clock, ask } = remembering(async () => {
      if (!isThere) throw missing('ENOTFOUND');
      return [{ address: '192.0.2.1', family: 4 }];
    });
    expect(await ask('new.example')).toBe('ENOTFOUND');
    isThere = true;
    clock.advance(45_000);
    expect([await ask('new.example'), await ask('new.example')]).toEqual(['192.0.2.1', '192.0.2.1']);
  });

  it.each(['EAI_AGAIN', 'ETIMEOUT', 'ESERVFAIL', 'ECONNREFUSED'])(
    'is no name whose server has trouble: %s',
    async (code) => {
      const { askedFor, ask } = remembering(() => Promise.reject(missing(code)));
      expect([await ask('push.example'), await ask('push.example')]).toEqual([code, code]);
      expect(askedFor).toHaveLength(2);
    },
  );

  it('is kept among ten thousand: the oldest goes', async () => {
    const { askedFor, ask } = remembering(() => Promise.reject(missing('ENOTFOUND')));
    for (let index = 0; index <= 10_000; index += 1) await ask(`${index}.example`);
    await ask('1.example');
    expect(askedFor).toHaveLength(10_001);
    await ask('0.example');
    expect(askedFor).toHaveLength(10_002);
  });
});
