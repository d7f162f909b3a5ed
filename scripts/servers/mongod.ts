import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { freePort } from './free-port.ts';
import { freeze } from './freeze.ts';
import { findMongod } from './mongod-binary.ts';

/** A real mongod on a loopback port, with a folder of its own. */
export type Mongod = {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now. */
  pid(): number;
  /** Ends the process (SIGKILL where none is named) and resolves when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it on the same port and data, ending it first where it runs. */
  restart(): Promise<void>;
  /** Freezes it: connections stay open, and nothing is answered until `resume`. */
  pause(): Promise<void>;
  resume(): void;
  /** Ends it for good and removes its data. Harmless when repeated. */
  stop(): Promise<void>;
};

export type MongodOptions = {
  /** More arguments for `mongod`. */
  readonly args?: readonly string[];
};

const UP_WITHIN_MS = 30_000;
const ASK_AGAIN_MS = 50;

const SMALL = ['--wiredTigerCacheSizeGB', '0.25', '--setParameter', 'diagnosticDataCollectionEnabled=false'];

/** Starts a standalone server and resolves when it answers. Rejects where there is no mongod, or it does not come up. */
export async function startMongod({ args = [] }: MongodOptions = {}): Promise<Mongod> {
  const found = await findMongod();
  if ('reason' in found) throw new Error(found.reason);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-mongod-'));
  const fixed = ['--port', String(port), '--bind_ip', '127.0.0.1', '--dbpath', folder, ...SMALL];
  // Fail points, for tests.
  const all = [...fixed, '--setParameter', 'enableTestCommands=1', ...args];
  let child = await run(found.path, port, all);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return {
    url: `mongodb://127.0.0.1:${port}`,
    port,
    pid: () => child.pid ?? 0,
    kill: (signal = 'SIGKILL') => end(signal),
    async restart() {
      await end('SIGKILL');
      child = await run(found.path, port, all);
    },
    pause: () => freeze(child),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function run(path: string, port: number, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
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
    throw new Error(`mongod did not come up on port ${port}: ${said.trim()}`);
  }
  return child;
}

async function answers(port: number): Promise<boolean> {
  const options = { directConnection: true, serverSelectionTimeoutMS: 1000, connectTimeoutMS: 1000 };
  const client = new MongoClient(`mongodb://127.0.0.1:${port}`, options);
  try {
    await client.db('admin').command({ ping: 1 });
    return true;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}
