import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type ServiceProcess = {
  readonly pid: number;
  readonly address: string;
  readonly publicKey: string;
  readonly secretFiles: readonly string[];
  /** The secret of the API key `default`, where it was made or given as HMAC_SECRET. */
  readonly secret: string;
  /** The log so far, one parsed JSON object a line. */
  readonly log: readonly Record<string, unknown>[];
  /** Sends a signal that does not end the process. */
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal and resolves with how the process ended. */
  stop(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

export type ServiceProcessOptions = {
  /** An existing folder; the process also runs in it, so that no `.env` of a checkout is read. */
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The path of the `main.js` to run; else the one that was built here. */
  readonly program?: string;
  /** The path of a Deno that runs the source as it is; else this Node runs what was built from it. */
  readonly deno?: string | null;
};

const BUILT = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const SOURCE = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/**
 * Starts the service as a process of its own, with nothing from this process's environment but PATH and HOME.
 * Resolves when it is ready; rejects with what it wrote to standard error when it ends before that.
 */
export async function startServiceProcess({
  folder,
  environment = {},
  program = BUILT,
  deno = null,
}: ServiceProcessOptions): Promise<ServiceProcess> {
  const { PATH = '', HOME = folder } = process.env;
  const env = { PATH, HOME, PORT: '0', DATA_DIR: join(folder, 'data'), DENO_NO_UPDATE_CHECK: '1', ...environment };
  const [command, args] =
    deno === null
      ? [process.execPath, ['--disable-warning=ExperimentalWarning', program]]
      : [deno, ['run', '--allow-all', '--quiet', '--node-modules-dir=manual', SOURCE]];
  const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const { log, ready } = readLog(child, ended);
  const line = await ready;
  const secretFiles = line.secrets as string[];
  const secretFile = secretFiles.find((path) => path.endsWith('hmac-secret'));
  return {
    pid: child.pid ?? 0,
    address: String(line.address),
    publicKey: String(line.public_key),
    secretFiles,
    secret: secretFile === undefined ? (environment.HMAC_SECRET ?? '') : readFileSync(secretFile, 'utf8').trim(),
    log,
    signal(signal) {
      child.kill(signal);
    },
    async stop(signal) {
      child.kill(signal);
      const [code, endedBy] = await ended;
      return { code, signal: endedBy };
    },
  };
}

function readLog(child: ChildProcess, ended: Promise<unknown>) {
  const log: Record<string, unknown>[] = [];
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ready = new Promise<Record<string, unknown>>((resolve, reject) => {
    if (child.stdout === null) throw new Error('the process has no standard output');
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Record<string, unknown>;
      log.push(line);
      if (line.msg === 'Bellhop is ready') resolve(line);
    });
    void ended.then(() => reject(new Error(`the service ended before it was ready: ${errors.trim()}`)));
  });
  return { log, ready };
}
