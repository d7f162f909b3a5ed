import { createECDH, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { decryptPush } from '../../../src/emulator/decrypt.ts';
import type { Encryptor } from '../../../src/push/encryption/encryptor.ts';
import { buildForTest } from '../../support/built.ts';

// Built, as it runs: Node 20 starts no thread from TypeScript.
const built = await buildForTest('push/encryption/encryptor.ts', 'push/encryption/encryption-thread.ts');
afterAll(() => built.remove());
const { createEncryptor }: typeof import('../../../src/push/encryption/encryptor.ts') = await import(built.href);

let encryptor: Encryptor | null = null;
afterEach(() => encryptor?.close());

function browser() {
  const curve = createECDH('prime256v1');
  const publicKey = curve.generateKeys();
  const authSecret = randomBytes(16);
  const keys = { p256dh: publicKey.toString('base64url'), auth: authSecret.toString('base64url') };
  return { keys, receiver: { publicKey, privateKey: curve.getPrivateKey(), authSecret } };
}

type Browser = ReturnType<typeof browser>;
const browsers: readonly Browser[] = Array.from({ length: 40 }, browser);

/** Sends each browser its own text at once, and gives what each of them reads. */
async function crowd(by: Encryptor, to: readonly Browser[] = browsers): Promise<readonly string[]> {
  const bodies = await Promise.all(to.map(({ keys }, index) => by.encrypt(keys, `text ${index} 🛎`)));
  return bodies.map((body, index) => read(body, to[index]));
}

function read(body: Uint8Array | null, to: Browser | undefined): string {
  if (body === null || to === undefined) throw new Error('nothing was encrypted');
  return decryptPush(Buffer.from(body), to.receiver).toString('utf8');
}

const texts = browsers.map((_, index) => `text ${index} 🛎`);

/** An encryptor whose thread runs, with the thread. */
async function withThread(): Promise<{ by: Encryptor; thread: Worker }> {
  encryptor = createEncryptor({ useThread: true });
  const started = once(process, 'worker');
  const first = crowd(encryptor);
  const [thread] = (await started) as [Worker];
  await once(thread, 'online');
  expect(await first).toEqual(texts);
  return { by: encryptor, thread };
}

describe('an encryptor', () => {
  test('encrypts a crowd on its thread, each message to its own browser', async () => {
    const { by, thread } = await withThread();
    let replies = 0;
    thread.on('message', () => {
      replies += 1;
    });
    expect(await crowd(by)).toEqual(texts);
    expect(await crowd(by, browsers.slice(0, 17))).toEqual(texts.slice(0, 17));
    expect(replies).toBe(2);
  });

  test('wakes no thread for a few', async () => {
    const { by, thread } = await withThread();
    thread.on('message', () => {
      throw new Error('the thread was woken');
    });
    expect(await crowd(by, browsers.slice(0, 9))).toEqual(texts.slice(0, 9));
  });

  test('hands over a few at a time while they take much of this thread’s time', async () => {
    const { by, thread } = await withThread();
    let replies = 0;
    thread.on('message', () => {
      replies += 1;
    });
    while (replies === 0) expect(await crowd(by, browsers.slice(0, 9))).toEqual(texts.slice(0, 9));
    // One alone is done sooner here, even then.
    const before = replies;
    expect(await crowd(by, browsers.slice(0, 1))).toEqual(texts.slice(0, 1));
    expect(replies).toBe(before);
  });

  test('says which of a crowd has keys that are no keys', async () => {
    const { by } = await withThread();
    const bad = { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth: browsers[0]!.keys.auth };
    const bodies = await Promise.all(
      browsers.map(({ keys }, index) => by.encrypt(index % 3 === 1 ? bad : keys, `text ${index}`)),
    );
    for (const [index, body] of bodies.entries()) {
      if (index % 3 === 1) expect(body).toBeNull();
      else expect(read(body, browsers[index])).toBe(`text ${index}`);
    }
  });

  test('loses nothing when its thread ends, and goes on without one', async () => {
    const { by, thread } = await withThread();
    const underWay = crowd(by);
    await new Promise(setImmediate);
    await thread.terminate();
    expect(await underWay).toEqual(texts);
    expect(await crowd(by)).toEqual(texts);
  });

  test('closed with messages under way still answers each; closing twice is harmless', async () => {
    const { by } = await withThread();
    const underWay = crowd(by);
    await new Promise(setImmediate);
    await Promise.all([by.close(), by.close()]);
    expect(await underWay).toEqual(texts);
  });

  test('does without a thread where none is wanted', async () => {
    const onWorker = (): never => {
      throw new Error('a thread was started');
    };
    process.once('worker', onWorker);
    encryptor = createEncryptor({ useThread: false });
    expect(await crowd(encryptor)).toEqual(texts);
    process.off('worker', onWorker);
  });

  test('rejects for a message at which the encryption breaks, and for no other of its crowd', async () => {
    encryptor = createEncryptor({ useThread: false });
    const [first, second] = browsers as [Browser, Browser];
    const broken = encryptor.encrypt(first.keys, 5 as never);
    const whole = encryptor.encrypt(second.keys, 'Hello');
    await expect(broken).rejects.toThrow(TypeError);
    expect(read(await whole, second)).toBe('Hello');
  });
});
