import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../servers/free-port.ts';
import { type SignedClient, signedClient } from '../signed-client.ts';
import { type Runtime, THIS_NODE } from './runtime.ts';
import type { Subscriber } from './subscribers.ts';

const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
export const BENCH_SECRET = 'the-secret-of-the-benchmark-0123456789';
/** As the Dockerfile starts it. */
const AS_IN_IMAGE = ['--max-semi-space-size=8', '--disable-warning=ExperimentalWarning'];
const LOOK_AGAIN_MS = 5;
const REGISTERED_AT_ONCE = 32;

/** The real service, built, in a process of its own, with its log in a file. */
export type ServiceUnderTest = {
  readonly pid: number;
  readonly address: string;
  readonly folder: string;
  /** When the process was started, in epoch milliseconds. */
  readonly startedAtMs: number;
  /** From the start of the process until it was ready. */
  readonly readyAfterMs: number;
  readonly call: SignedClient;
  register(subscribers: readonly Subscriber[]): Promise<void>;
  /** Ends the process, and removes its folder unless it is to be kept. */
  stop(signal?: NodeJS.Signals, options?: { readonly keep: boolean }): Promise<void>;
};

export type ServiceOptions = {
  readonly sink: { readonly port: number; readonly caPem: string };
  readonly environment?: Readonly<Record<string, string>>;
  /** Made unless given. */
  readonly folder?: string;
  /** This Node unless given. */
  readonly runtime?: Runtime;
};

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-bench-'));
  mkdirSync(join(folder, 'data'), { mode: 0o700 });
  return folder;
}

/** Starts it and resolves when it is ready. */
export async function startService({
  sink,
  environment,
  folder = makeFolder(),
  runtime = THIS_NODE,
}: ServiceOptions): Promise<ServiceUnderTest> {
  writeFileSync(join(folder, 'ca.pem'), sink.caPem);
  const port = await freePort();
  const env = {
    PATH: process.env.PATH ?? '',
    MALLOC_ARENA_MAX: '2',
    PORT: String(port),
    DATA_DIR: join(folder, 'data'),
    HMAC_SECRET: BENCH_SECRET,
    VAPID_SUBJECT: 'mailto:bench@example.com',
    PUSH_ALLOWED_HOSTS: `127.0.0.1:${sink.port}`,
    PUSH_CA_FILE: join(folder, 'ca.pem'),
    ...environment,
  };
  const log = openSync(join(folder, 'log'), 'a');
  const startedAtMs = performance.timeOrigin + performance.now();
  const [program, ...before] = runtime.command;
  const child = spawn(program, [...before, ...AS_IN_IMAGE, BUILT], {
    cwd: folder,
    env,
    stdio: ['ignore', log, log],
  });
  const address = `http://127.0.0.1:${port}`;
  await untilReady(child, address, folder);
  const readyAfterMs = performance.timeOrigin + performance.now() - startedAtMs;
  const call = signedClient(address, BENCH_SECRET);
  return {
    pid: child.pid ?? 0,
    address,
    folder,
    startedAtMs,
    readyAfterMs,
    call,
    register: (subscribers) => registerAll(call, subscribers),
    async stop(signal = 'SIGTERM', { keep } = { keep: false }) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
      if (!keep) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess, address: string, folder: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(readFileSync(join(folder, 'log'), 'utf8'));
    const isReady = await fetch(`${address}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await wait(LOOK_AGAIN_MS);
  }
}

async function registerAll(call: SignedClient, subscribers: readonly Subscriber[]): Promise<void> {
  for (let start = 0; start < subscribers.length; start += REGISTERED_AT_ONCE) {
    await Promise.all(
      subscribers.slice(start, start + REGISTERED_AT_ONCE).map(async ({ userId, subscription }) => {
        const { status } = await call('POST', '/v1/subscriptions', { body: { user_id: userId, ...subscription } });
        if (status >= 300) throw new Error(`a registration was answered ${status}`);
      }),
    );
  }
}
