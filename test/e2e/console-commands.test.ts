import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ServiceProcess, startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';

const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

let folder: string;
let service: ServiceProcess;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-console-commands-'));
  service = await startServiceProcess({ folder, environment: {} });
}, 30_000);

afterAll(async () => {
  await service.stop('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

/** Beside the service, with its secret and at its port. */
function bellhop(...args: readonly string[]) {
  const { port } = new URL(service.address);
  const env = { PATH: process.env.PATH ?? '', PORT: port, HMAC_SECRET: service.secret, DATA_DIR: join(folder, 'none') };
  return spawnSync(process.execPath, [BUILT, ...args], { cwd: folder, env, encoding: 'utf8' });
}

describe('bellhop console-link', () => {
  it('prints a link that signs in, and ends all sessions', async () => {
    const { status, stdout, stderr } = bellhop('console-link', '--role', 'viewer', '--name', 'Ann Lee');
    expect([status, stderr]).toEqual([0, 'Good once, for five minutes, for Ann Lee as viewer.\n']);
    expect(stdout).toMatch(new RegExp(`^${service.address}/console/sign-in\\?link=[\\w-]{43}\n$`));
    const opened = await fetch(stdout.trim(), { redirect: 'manual' });
    const cookie = opened.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const headers = { cookie, origin: service.address };
    const used = await fetch(`${service.address}/console/link`, { method: 'POST', headers, redirect: 'manual' });
    expect([used.status, used.headers.get('location')]).toEqual([303, 'overview']);
    expect(bellhop('console-link', '--revoke-all').stdout).toContain('One session of the console ended');
  });

  it('refuses a role or a name that is none', () => {
    expect(bellhop('console-link', '--role', 'king')).toMatchObject({ status: 2, stdout: '' });
    expect(bellhop('console-link', '--name', '<b>')).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('bellhop verify-audit', () => {
  it('finds the chain whole, in the service and in an export, until somebody changes it', async () => {
    const call = signedClient(service.address, service.secret);
    for (const key of ['a', 'b', 'c']) await call('PUT', `/v1/segments/${key}`, { body: { tags: 'x' } });
    const whole = bellhop('verify-audit');
    expect([whole.status, whole.stderr]).toEqual([0, '']);
    const end = /^\d+:[\w-]{43}$/m.exec(whole.stdout)?.[0] ?? '';
    expect(bellhop('verify-audit', '--expect', end).status).toBe(0);
    const headers = { Authorization: `Bearer ${service.secret}` };
    const text = await (await fetch(`${service.address}/v1/audit/export`, { headers })).text();
    const file = join(folder, 'audit.ndjson');
    writeFileSync(file, text);
    expect(bellhop('verify-audit', file).status).toBe(0);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"putSegment"', '"getSegment"'));
    expect(bellhop('verify-audit', file)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/entry \d+ was changed/),
    });
    writeFileSync(file, text.split('\n').slice(0, -2).join('\n'));
    const cut = bellhop('verify-audit', file, '--expect', end);
    expect(cut).toMatchObject({ status: 1, stderr: expect.stringContaining('which was noted, is not there') });
  });
});
