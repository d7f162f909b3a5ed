import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export type EmulatorProcess = {
  /** What it told the person who started it. */
  readonly greeting: string;
  readonly controlOrigin: string;
  /** The settings that it told to start Bellhop with. */
  readonly bellhopSettings: Readonly<Record<string, string>>;
  /** Sends the signal, and resolves with how it ended: exit code or signal, and what it wrote to standard error. */
  stop(signal: NodeJS.Signals): Promise<{ readonly ending: number | string | null; readonly errors: string }>;
};

const ANY_FREE_PORTS = {
  EMULATOR_CONTROL_PORT: '0',
  EMULATOR_FCM_PORT: '0',
  EMULATOR_MOZILLA_PORT: '0',
  EMULATOR_APPLE_PORT: '0',
  EMULATOR_WNS_PORT: '0',
};

/** Starts the built emulator in this folder. Rejects with its standard error when it ends before it is ready. */
export async function startEmulatorProcess(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<EmulatorProcess> {
  const env = { PATH: process.env.PATH ?? '', ...ANY_FREE_PORTS, ...environment };
  const child = spawn(process.execPath, [BUILT, 'emulator'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let errors = '';
  let greeting = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      greeting += text;
      if (greeting.includes('Ctrl-C stops it')) resolve();
    });
    void closed.then(([code]) => reject(new Error(`${code}: ${errors}`)));
  });
  const setting = (name: string): string => new RegExp(`${name}='?([^'\\s]+)`).exec(greeting)?.[1] ?? '';
  const names = ['PUSH_ALLOWED_HOSTS', 'PUSH_CA_FILE', 'VAPID_SUBJECT'];
  return {
    greeting,
    controlOrigin: /Control API (\S+)/.exec(greeting)?.[1] ?? '',
    bellhopSettings: Object.fromEntries(names.map((name) => [name, setting(name)])),
    async stop(signal) {
      child.kill(signal);
      const [code, endedBy] = await closed;
      return { ending: code ?? endedBy, errors };
    },
  };
}
