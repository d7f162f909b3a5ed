import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { installPackage } from '../support/package.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

const PROGRAM = `
import { BellhopError, createClient } from 'bellhop/client';
const [url, secret] = process.argv.slice(2);
const client = createClient({ url, secret });
const { id } = await client.send({ type: 'packed', title: 'From the package', user_ids: ['ada'] });
const refused = await client.deliveries.get('dlv_nothing').catch((error) => error);
const { token } = await client.subscriberToken('ada');
const { title } = await client.notifications.get(id);
console.log(JSON.stringify({ title, isBellhopError: refused instanceof BellhopError, parts: token.split('.').length }));
`;

/** The same with nothing around it but what an edge runtime has, too: the names here are all that the client may use. */
const WEB_ONLY = `
import { readFileSync } from 'node:fs';
import { createContext, SourceTextModule } from 'node:vm';
const globals = { fetch, crypto, URL, URLSearchParams, TextEncoder, AbortController, setTimeout, clearTimeout, btoa };
const context = createContext({ ...globals, argv: process.argv, console });
const modules = new Map();
const load = (file) => {
  if (!modules.has(file)) modules.set(file, new SourceTextModule(readFileSync(file, 'utf8'), { context }));
  return modules.get(file);
};
const program = readFileSync('program.mjs', 'utf8').replace('process.argv', 'argv');
const main = new SourceTextModule(program, { context });
await main.link((name) => load('node_modules/bellhop/dist/client/' + (name === 'bellhop/client' ? 'client.js' : name)));
await main.evaluate();
`;

const TYPED = `
import { BellhopError, type Client, createClient, type Delivery, eachItem } from 'bellhop/client';

export async function failedOf(client: Client, id: string): Promise<readonly Delivery[]> {
  const failed: Delivery[] = [];
  for await (const one of eachItem((cursor) => client.notifications.deliveries(id, { state: 'failed', cursor }))) failed.push(one);
  return failed;
}

export async function main(secret: string): Promise<string | null> {
  const client = createClient({ url: 'https://push.example.com', secret, fetch });
  try {
    const { id } = await client.send({ type: 't', title: 't', user_ids: ['ada'], priority: 'high' });
    return (await failedOf(client, id))[0]?.attempts[0]?.remedy ?? null;
  } catch (error) {
    if (error instanceof BellhopError && error.code === 'payload_too_large') return String(error.details.size_octets);
    throw error;
  }
}

// @ts-expect-error: a title is text
export const wrong = (client: Client) => client.send({ type: 't', title: 1, user_ids: ['ada'] });
// @ts-expect-error: there is no such state
export const alsoWrong = (client: Client) => client.notifications.deliveries('ntf_1', { state: 'lost' });
`;

describe('the packed client, in a folder of somebody else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-package-'));
  let service: ServiceProcess;

  beforeAll(async () => {
    service = await startServiceProcess({ folder });
    // Without the packages that only the service needs: the client needs none.
    await installPackage(folder);
    writeFileSync(join(folder, 'program.mjs'), PROGRAM);
    writeFileSync(join(folder, 'web-only.mjs'), WEB_ONLY);
    writeFileSync(join(folder, 'typed.mts'), TYPED);
  }, 60_000);
  afterAll(async () => {
    await service.stop('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds what was built, and neither sources nor tests', () => {
    const names = readdirSync(join(folder, 'node_modules', 'bellhop'));
    const pages = ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md'];
    expect(names.sort()).toEqual([...pages, 'deploy', 'dist', 'docs', 'package.json']);
  });

  it.each([
    ['by a plain module', []],
    ['where there is nothing but the web’s own', ['--experimental-vm-modules', '--no-warnings', 'web-only.mjs']],
  ])('is imported and used %s', async (_, args) => {
    const program = args.length === 0 ? ['program.mjs'] : args;
    const done = await run(process.execPath, [...program, service.address, service.secret], { cwd: folder });
    expect(done.stderr).toBe('');
    expect(JSON.parse(done.stdout)).toEqual({ title: 'From the package', isBellhopError: true, parts: 3 });
  });

  it('gives away nothing but the client', async () => {
    const program = "import 'bellhop/dist/service/service.js';";
    const refused = run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
    await expect(refused).rejects.toThrow(/ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });

  it.each([
    ['the web’s types', { lib: ['es2022', 'dom', 'dom.asynciterable'], types: [] }],
    ['Node’s types', { lib: ['es2022'], types: ['node'] }],
  ])('is typed, with nothing but %s', async (_, options) => {
    const types = join(folder, 'node_modules', '@types');
    mkdirSync(types, { recursive: true });
    for (const name of ['@types/node', 'undici-types']) {
      const link = join(folder, 'node_modules', name);
      rmSync(link, { force: true });
      symlinkSync(join(ROOT, 'node_modules', name), link);
    }
    const compilerOptions = { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, ...options };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['typed.mts'] }));
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const done = await run(process.execPath, [tsc, '-p', '.'], { cwd: folder }).catch((error) => error);
    expect(done.stdout).toBe('');
  });
});
