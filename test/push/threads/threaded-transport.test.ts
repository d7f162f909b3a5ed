import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import type { PushResult } from '../../../src/domain/push-service/push-outcome.ts';
import type { Emulator } from '../../../src/emulator/emulator.ts';
import type { PushTransport } from '../../../src/push/push-transport.ts';
import type { WebPushTransportOptions } from '../../../src/push/web-push.ts';
import { pushFaultsContract } from '../../contract/push-faults-contract.ts';
import { pushTransportContract } from '../../contract/push-transport-contract.ts';
import { buildForTest } from '../../support/built.ts';
import { Closing, messageTo, never } from '../transport-fixture.ts';

// Built, as it runs: Node 20 starts no thread from TypeScript.
const built = await buildForTest('push/threads/threaded-transport.ts', 'push/threads/sender-thread.ts');
afterAll(() => built.remove());
const { createThreadedTransport }: typeof import('../../../src/push/threads/threaded-transport.ts') = await import(
  built.href
);

const lost: Error[] = [];

function unstarted(options: WebPushTransportOptions): ReturnType<typeof createThreadedTransport> {
  return createThreadedTransport({ ...options, threads: 1, onLost: (error) => lost.push(error) });
}

/** Starts its thread at once. */
function byThread(options: WebPushTransportOptions): PushTransport {
  const transport = unstarted(options);
  void transport.start();
  return transport;
}

const closing = new Closing(byThread);
afterEach(() => {
  expect(lost.splice(0)).toEqual([]);
});

describe('by a thread', () => {
  pushTransportContract(closing);
  pushFaultsContract(closing);
});

const ACCEPTED = { kind: 'response', status: 201 };

describe('a thread that sends', () => {
  afterEach(() => closing.all());

  /** A transport whose thread runs and has a connection, with the thread. */
  async function withThread(emulator: Emulator): Promise<{ transport: PushTransport; thread: Worker }> {
    const started = once(process, 'worker');
    const transport = closing.transportTo(emulator);
    const [thread] = (await started) as [Worker];
    expect(await transport.send(messageTo(emulator.createDevice().subscription), never)).toMatchObject(ACCEPTED);
    return { transport, thread };
  }

  const sendTo = (transport: PushTransport, emulator: Emulator, count: number): Promise<readonly PushResult[]> => {
    const devices = Array.from({ length: count }, () => emulator.createDevice());
    return Promise.all(devices.map(({ subscription }) => transport.send(messageTo(subscription), never)));
  };

  test('is told of a crowd in one message, each is posted once, and none of it is sent by this thread', async () => {
    const emulator = await closing.emulator();
    const { transport, thread } = await withThread(emulator);
    const before = emulator.connectionCount();
    let [told, posted] = [0, 0];
    const tell = thread.postMessage.bind(thread);
    thread.postMessage = (...parameters: Parameters<typeof tell>) => {
      told += 1;
      tell(...parameters);
    };
    const devices = Array.from({ length: 30 }, () => emulator.createDevice());
    const results = await Promise.all(
      devices.map(({ subscription }) => {
        return transport.send(messageTo(subscription), never, () => {
          posted += 1;
        });
      }),
    );
    expect(results.every((result) => 'status' in result && result.status === 201)).toBe(true);
    expect([told, posted]).toEqual([1, 30]);
    expect(emulator.connectionCount()).toBeGreaterThan(before);
    expect(devices.every((device) => device.received.length === 1)).toBe(true);
  });

  test('that ends leaves what it had begun on record as interrupted, and all else is sent, here, once', async () => {
    const emulator = await closing.emulator();
    const { transport, thread } = await withThread(emulator);
    const hanging = emulator.createDevice({ behaviour: [{ fault: 'hang' }] });
    const begun = transport.send(messageTo(hanging.subscription), never);
    await hanging.nextRequest();
    const ended = thread.terminate();
    const waiting = emulator.createDevice();
    const result = await transport.send(messageTo(waiting.subscription), never);
    await ended;
    expect(await begun).toEqual({ kind: 'failure', failure: 'crashed' });
    expect(result).toMatchObject(ACCEPTED);
    expect(waiting.received).toHaveLength(1);
    expect(lost.splice(0)).toHaveLength(1);
    expect(await sendTo(transport, emulator, 20)).toMatchObject(Array(20).fill(ACCEPTED));
  });

  test('that ended is replaced after ten seconds', async () => {
    const emulator = await closing.emulator();
    const { transport, thread } = await withThread(emulator);
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      await thread.terminate();
      expect(lost.splice(0)).toHaveLength(1);
      const started = once(process, 'worker');
      vi.advanceTimersByTime(10_000);
      const [next] = (await started) as [Worker];
      await once(next, 'message');
      const told = vi.spyOn(next, 'postMessage');
      expect(await sendTo(transport, emulator, 1)).toMatchObject([ACCEPTED]);
      expect(told).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('is started by the first message, which waits for it', async () => {
    const emulator = await closing.emulator();
    const started = once(process, 'worker');
    const transport = new Closing(unstarted).transportTo(emulator);
    const sending = sendTo(transport, emulator, 20);
    const [thread] = (await started) as [Worker];
    const told = vi.spyOn(thread, 'postMessage');
    expect(await sending).toMatchObject(Array(20).fill(ACCEPTED));
    expect(told).toHaveBeenCalledTimes(1);
    await transport.close();
  });

  test('is not waited for by a close, and what waited for it is given up', async () => {
    const emulator = await closing.emulator();
    const started = once(process, 'worker');
    const transport = new Closing(unstarted).transportTo(emulator);
    const sending = sendTo(transport, emulator, 1);
    const [thread] = (await started) as [Worker];
    const ended = once(thread, 'exit');
    await Promise.all([transport.close(), transport.close()]);
    await ended;
    const aborted = { kind: 'failure', failure: 'aborted' };
    expect(await sending).toEqual([aborted]);
    expect(await sendTo(transport, emulator, 1)).toEqual([aborted]);
    expect(emulator.connectionCount()).toBe(0);
  });
});
