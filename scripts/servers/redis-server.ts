import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { freeze } from './freeze.ts';

/** A real Redis on a loopback port, empty at every start, that keeps nothing on disk. */
export type RedisServer = {
  readonly url: string;
  readonly port: number;
  readonly pid: () => number;
  /** Ends the process (SIGKILL where none is named) and resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it on the same port, empty, ending it first where it runs. */
  restart(): Promise<void>;
  /** Freezes it: connections stay open, and nothing is answered until `resume`. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends it for good and removes its folder. Harmless when repeated. */
  stop(): Promise<void>;
};

export type RedisServerOptions = {
  /** A free one is picked where none is given. */
  readonly port?: number;
  /** More arguments for `redis-server`, such as `--requirepass`. */
  readonly args?: readonly string[];
};

const UP_WITHIN_MS = 10_000;

const ASK_AGAIN_MS = 20;

/** Where `redis-server` is, or the reason why there is none and what to do about it. */
export function findRedisServer(): { readonly path: string } | { readonly reason: string } {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'redis-server');
    try {
      accessSync(path, constants.X_OK);
      return { path };
    } catch {}
  }
  const reason =
    'No redis-server on PATH. Install Redis 6.2 or newer (Debian, Ubuntu: "apt-get install redis-server"; ' +
    'macOS: "brew install redis").';
  return { reason };
}

/** Starts a Redis and resolves when it answers. Rejects where there is no `redis-server`, or it does not come up. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const found = findRedisServer();
  if ('reason' in found) throw new Error(found.reason);
  const port = options.port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-redis-'));
  let child = await run(found.path, port, folder, options.args ?? []);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: () => child.pid ?? 0,
    kill: (signal = 'SIGKILL') => end(signal),
    async restart() {
      await end('SIGKILL');
      child = await run(found.path, port, folder, options.args ?? []);
    },
    pause: () => freeze(child),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function run(path: string, port: number, folder: string, args: readonly string[]): Promise<ChildProcess> {
  const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = spawn(path, [...fixed, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const killWithParent = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithParent);
  child.once('exit', () => process.removeListener('exit', killWithParent));
  let said = '';
  const keep = (text: Buffer): void => {
    said = (said + text.toString()).slice(-2000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const upUntilMs = Date.now() + UP_WITHIN_MS;
  while (!(await answers(port))) {
    if (child.exitCode === null && child.signalCode === null && Date.now() < upUntilMs) {
      await wait(ASK_AGAIN_MS);
      continue;
    }
    child.kill('SIGKILL');
    throw new Error(`redis-server did not come up on port ${port}: ${said.trim()}`);
  }
  return child;
}

/** A server that wants a password first is up, too. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => {
      resolve(/^\+PONG|^-NOAUTH/.test(reply.toString()));
      socket.destroy();
    });
    socket.once('error', () => {}).once('close', () => resolve(false));
  });
}
