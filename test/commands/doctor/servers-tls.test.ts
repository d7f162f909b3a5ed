import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../../scripts/servers/free-port.ts';
import { examine } from '../../../src/commands/doctor/doctor.ts';
import type { Finding } from '../../../src/domain/finding.ts';
import { describeWithMongod } from '../../support/mongodb.ts';
import { describeWithRedis } from '../../support/redis.ts';
import { startTlsMongod, startTlsRedis, type TlsServer } from '../../support/tls-servers.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-doctor-tls-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function findingOf(check: string, environment: Record<string, string>): Promise<Finding | undefined> {
  const findings: Finding[] = [];
  for await (const finding of examine(() => ({ DATA_DIR: folder, ...environment }), { isOffline: true })) {
    findings.push(finding);
  }
  return findings.find((finding) => finding.check === check || finding.verdict === 'failed');
}

describeWithRedis('the doctor and a Redis with TLS', () => {
  let redis: TlsServer;
  beforeAll(async () => {
    redis = await startTlsRedis();
  });
  afterAll(() => redis.stop());

  it('finds nothing wrong where the authority is named', async () => {
    const finding = await findingOf('Redis', { REDIS_URL: redis.url, REDIS_CA_FILE: redis.caFile });
    expect(finding).toMatchObject({ check: 'Redis', verdict: 'ok' });
  });

  it('tells an authority that is not known, plain text and silence apart', async () => {
    const told = async (environment: Record<string, string>) => (await findingOf('Redis', environment))?.finding;
    const { url, caFile, otherCaFile } = redis;
    expect(await told({ REDIS_URL: url })).toMatch(/no authority known here.*REDIS_CA_FILE/);
    expect(await told({ REDIS_URL: url, REDIS_CA_FILE: otherCaFile })).toMatch(/no authority known here/);
    const plain = createServer((socket) => void socket.end('-ERR what is that?\r\n')).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port } = plain.address() as AddressInfo;
    expect(await told({ REDIS_URL: `rediss://127.0.0.1:${port}`, REDIS_CA_FILE: caFile })).toMatch(/TLS handshake/);
    plain.close();
    const nobody = `rediss://127.0.0.1:${await freePort()}`;
    expect(await told({ REDIS_URL: nobody, REDIS_CA_FILE: caFile })).toMatch(/nothing answers/);
  });

  it('refuses an authority that would be trusted for nothing', async () => {
    const finding = await findingOf('configuration', { REDIS_URL: redis.plainUrl, REDIS_CA_FILE: redis.caFile });
    expect(finding).toMatchObject({ verdict: 'failed', finding: expect.stringMatching(/REDIS_CA_FILE.*rediss:/) });
  });
});

describeWithMongod('the doctor and a MongoDB with TLS', () => {
  let mongod: TlsServer;
  beforeAll(async () => {
    mongod = await startTlsMongod();
  });
  afterAll(() => mongod.stop());

  it('finds nothing wrong where the authority is named', async () => {
    const finding = await findingOf('MongoDB', { MONGODB_URL: mongod.url, MONGODB_CA_FILE: mongod.caFile });
    expect(finding).toMatchObject({ check: 'MongoDB', verdict: 'ok' });
  });

  it('tells an authority that is not known from silence', async () => {
    const told = async (environment: Record<string, string>) => (await findingOf('MongoDB', environment))?.finding;
    expect(await told({ MONGODB_URL: mongod.url })).toMatch(/no authority known here.*MONGODB_CA_FILE/);
    const other = { MONGODB_URL: mongod.url, MONGODB_CA_FILE: mongod.otherCaFile };
    expect(await told(other)).toMatch(/no authority known here/);
    const nobody = { MONGODB_URL: `mongodb://127.0.0.1:${await freePort()}/bellhop?tls=true` };
    expect(await told({ ...nobody, MONGODB_CA_FILE: mongod.caFile })).toMatch(/No MongoDB answers/);
  });

  it('refuses an authority that would be trusted for nothing', async () => {
    const finding = await findingOf('configuration', { MONGODB_URL: mongod.plainUrl, MONGODB_CA_FILE: mongod.caFile });
    expect(finding).toMatchObject({ verdict: 'failed', finding: expect.stringMatching(/MONGODB_CA_FILE.*tls=true/) });
  });
});
