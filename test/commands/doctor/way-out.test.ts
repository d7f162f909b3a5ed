import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { examine } from '../../../src/commands/doctor/doctor.ts';
import type { EgressOptions } from '../../../src/commands/doctor/egress-check.ts';
import type { Environment } from '../../../src/config/setting-values.ts';
import type { Finding } from '../../../src/domain/finding.ts';
import { startEmulator } from '../../../src/emulator/emulator.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function found(environment: Environment = {}, egress: Partial<EgressOptions> = { isOffline: true }) {
  const findings: Finding[] = [];
  for await (const finding of examine(() => ({ DATA_DIR: folder, ...environment }), egress)) findings.push(finding);
  return findings;
}
const of = (findings: readonly Finding[], check: string) => findings.filter((each) => each.check === check);

describe('the doctor', () => {
  it('says which way pushes go, and tries the proxy', async () => {
    expect(of(await found(), 'way out')).toMatchObject([{ verdict: 'ok', finding: 'pushes go directly' }]);
    const [emulator, proxy] = [
      await startEmulator(),
      await startConnectProxy({ authorization: `Basic ${btoa('ada:s3')}` }),
    ];
    const environment = (userInfo: string) => ({
      PUSH_ALLOWED_HOSTS: emulator.allowedHost,
      HTTPS_PROXY: `http://${userInfo}${proxy.name}`,
      NO_PROXY: 'inside.example',
    });
    const services = [{ name: 'One', origin: emulator.origin }];
    const there = await found(environment('ada:s3@'), { services, caPem: emulator.caPem });
    const way = `pushes go through the proxy ${proxy.name} (HTTPS_PROXY); not for: inside.example`;
    expect(of(there, 'way out')).toMatchObject([{ verdict: 'ok', finding: way }]);
    expect(of(there, 'egress')).toMatchObject([{ verdict: 'ok' }]);
    expect(proxy.asked).toMatchObject([{ target: emulator.allowedHost }]);
    const refused = await found(environment('ada:wr0ng@'), { services, caPem: emulator.caPem });
    expect(of(refused, 'egress')).toMatchObject([
      {
        verdict: 'failed',
        finding: expect.stringContaining(`proxy_auth: the proxy ${proxy.name} asks for user and password (HTTP 407)`),
        remedy: expect.stringContaining(proxy.name),
      },
    ]);
    expect(JSON.stringify([there, refused])).not.toMatch(/ada|wr0ng|s3/);
    await Promise.all([emulator.close(), proxy.close()]);
  });
});
