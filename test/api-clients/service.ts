import { execFile } from 'node:child_process';
import { createECDH, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { it } from 'vitest';
import type { Tools } from '../../scripts/api-clients/tools.ts';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';

/** Generators and compilers start slowly on two cores that other tests use, too. */
export const SLOW_MS = 300_000;
/** So that a command that takes too long is ended, and what it asked stopped, before its test is given up. */
const COMMAND_MS = SLOW_MS - 20_000;

export type Described = {
  readonly service: ServiceProcess;
  /** An empty folder but for the description. */
  readonly folder: string;
  /** The path of what `/openapi.json` answered. */
  readonly description: string;
  dispose(): Promise<void>;
};

/** A process of the service, whose pushes get nowhere, and its description of itself in a file. */
export async function startDescribed(): Promise<Described> {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-api-clients-'));
  const environment = { PUSH_ALLOWED_HOSTS: 'push.example.net', PUSH_PROXY_URL: 'http://127.0.0.1:9' };
  const service = await startServiceProcess({ folder, environment });
  const description = join(folder, 'openapi.json');
  writeFileSync(description, await (await fetch(`${service.address}/openapi.json`)).text());
  return {
    service,
    folder,
    description,
    async dispose() {
      await service.stop('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the programs read. Keys as a browser makes them. */
export function environmentOf({ service }: Described): Record<string, string> {
  const p256dh = createECDH('prime256v1').generateKeys('base64url');
  const keys = { p256dh, auth: randomBytes(16).toString('base64url') };
  return { BELLHOP: service.address, SECRET: service.secret, KEYS: JSON.stringify(keys) };
}

/** What a command wrote. Throws with all of it where the command fails. */
export async function output(
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<string> {
  const env = { ...process.env, ...options.env };
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd: options.cwd,
      env,
      timeout: COMMAND_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`, { cause: error });
  }
}

/** A test with tools that are fetched: skipped by name, with the reason, where they cannot be had; on CI that fails. */
export function itWithTools(name: string, tools: Tools, test: (folder: string) => Promise<void>): void {
  if ('folder' in tools) it(name, () => test(tools.folder), SLOW_MS);
  else if (process.env.CI === 'true')
    it(name, () => {
      throw new Error(tools.reason);
    });
  else it.skip(`${name} (skipped: ${tools.reason})`);
}
