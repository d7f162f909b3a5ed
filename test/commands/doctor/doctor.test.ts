import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../scripts/servers/free-port.ts';
import { type Mongod, startMongod } from '../../../scripts/servers/mongod.ts';
import { type RedisServer, startRedisServer } from '../../../scripts/servers/redis-server.ts';
import { examine } from '../../../src/commands/doctor/doctor.ts';
import type { EgressOptions } from '../../../src/commands/doctor/egress-check.ts';
import { exitCodeOf, reportLine, tallyLine } from '../../../src/commands/doctor/report.ts';
import { loadKeys } from '../../../src/config/key-files.ts';
import type { Environment } from '../../../src/config/setting-values.ts';
import { generateVapidKeys } from '../../../src/config/vapid-key-maker.ts';
import type { Finding } from '../../../src/domain/finding.ts';
import type { Resolver } from '../../../src/egress/resolver.ts';
import { startEmulator } from '../../../src/emulator/emulator.ts';
import { describeWithMongod, freshDatabase } from '../../support/mongodb.ts';
import { describeWithRedis } from '../../support/redis.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const nowhere: Resolver = () => Promise.reject(Object.assign(new Error('no DNS'), { code: 'EAI_AGAIN' }));

async function found(environment: Environment = {}, egress: Partial<EgressOptions> = { isOffline: true }) {
  const findings: Finding[] = [];
  for await (const finding of examine(() => ({ DATA_DIR: folder, ...environment }), egress)) findings.push(finding);
  return findings;
}
const of = (findings: readonly Finding[], check: string) => findings.filter((each) => each.check === check);

describe('the doctor', () => {
  it('finds nothing wrong with an empty folder on a machine that is to be offline, and leaves nothing there', async () => {
    chmodSync(folder, 0o700);
    const findings = await found({ VAPID_SUBJECT: 'mailto:ops@example.com' });
    expect(findings.filter(({ verdict }) => verdict === 'failed' || verdict === 'warning')).toEqual([]);
    expect(of(findings, 'egress')).toHaveLength(4);
    for (const each of of(findings, 'egress')) expect(each).toMatchObject({ verdict: 'skipped' });
    expect(of(findings, 'clock')).toMatchObject([{ verdict: 'skipped' }]);
    expect(of(findings, 'egress').map(({ finding }) => finding.split(':')[0])).toEqual([
      'Google',
      'Mozilla',
      'Apple',
      'Microsoft',
    ]);
    expect(of(findings, 'payload')).toMatchObject([{ verdict: 'ok', finding: '3993 octets there and back' }]);
    expect(readdirSync(folder)).toEqual([]);
    expect(exitCodeOf(findings)).toBe(0);
  });

  it('names every problem of the configuration, and looks no further', async () => {
    const pair = generateVapidKeys();
    const findings = await found({
      PORT: 'x',
      VAPID_PUBLIC_KEY: pair.publicKey,
      VAPID_PRIVATE_KEY: generateVapidKeys().privateKey,
      VAPID_SUBJECT: 'mailto:me@localhost',
    });
    expect(findings.map(({ check, verdict }) => [check, verdict])).toEqual([
      ['configuration', 'failed'],
      ['configuration', 'failed'],
      ['configuration', 'failed'],
    ]);
    expect(findings.map(({ finding }) => finding).join('\n')).toMatch(/PORT.*Apple refuses.*does not belong/s);
    expect(exitCodeOf(findings)).toBe(1);
  });

  it('tells names that are nearly those of settings, and looks on', async () => {
    const findings = await found({ VAPID_SUBJET: 'mailto:ops@example.com', PATH: '/bin', HOSTNAME: 'x' });
    expect(of(findings, 'configuration')).toMatchObject([
      { verdict: 'ok' },
      { verdict: 'warning', finding: expect.stringMatching(/VAPID_SUBJET.*VAPID_SUBJECT/) },
    ]);
    expect(of(findings, 'payload')).toHaveLength(1);
    expect(JSON.stringify(findings)).not.toContain('ops@example.com');
  });

  it('says what a missing VAPID_SUBJECT costs, and what to set', async () => {
    const [subject] = of(await found(), 'VAPID subject');
    expect(subject).toMatchObject({ verdict: 'warning', remedy: expect.stringContaining('Set VAPID_SUBJECT') });
  });

  it('looks at the pair in the data folder, and never prints it', async () => {
    const config = {
      dataDir: folder,
      apiKeys: [],
      vapidKeys: null,
      olderVapidKeys: [],
      apiKeysFile: null,
      secretFiles: [],
      allowShortSecrets: false,
    };
    const { vapid } = loadKeys(config);
    const findings = await found();
    expect(of(findings, 'VAPID keys')).toMatchObject([{ verdict: 'ok' }]);
    expect(JSON.stringify(findings)).not.toContain(vapid.privateKey);
    writeFileSync(join(folder, 'vapid.json'), JSON.stringify({ ...generateVapidKeys(), publicKey: vapid.publicKey }));
    const [damaged] = of(await found(), 'VAPID keys');
    expect(damaged).toMatchObject({ verdict: 'failed', finding: expect.stringContaining('does not belong') });
  });

  it('tells a secret that is damaged, and one that others can read', async () => {
    chmodSync(folder, 0o700);
    const config = {
      dataDir: folder,
      apiKeys: [],
      vapidKeys: null,
      olderVapidKeys: [],
      apiKeysFile: null,
      secretFiles: [],
      allowShortSecrets: false,
    };
    const { apiKeys } = loadKeys(config);
    const fine = await found();
    expect(of(fine, 'API secret')).toMatchObject([{ verdict: 'ok' }]);
    expect(JSON.stringify(fine)).not.toContain(apiKeys[0]?.secret);
    chmodSync(join(folder, 'vapid.json'), 0o644);
    writeFileSync(join(folder, 'hmac-secret'), 'short');
    const findings = await found();
    expect(of(findings, 'API secret')).toMatchObject([{ verdict: 'failed' }]);
    const remedy = `chmod 600 ${join(folder, 'vapid.json')}`;
    expect(of(findings, 'data folder').filter(({ verdict }) => verdict === 'failed')).toMatchObject([{ remedy }]);
  });

  it('tells secrets that are too short to sign tokens with, by their key, and prints none', async () => {
    const [short, long] = ['sixteen-octets-1', 'x'.repeat(32)];
    const findings = await found({
      ALLOW_SHORT_SECRETS: 'true',
      HMAC_SECRET: short,
      API_KEYS: `shop:${long},mail:${short}2,mail:${short}3`,
    });
    const warned = of(findings, 'API secret');
    expect(warned.map(({ verdict, finding }) => [verdict, /key (\w+)/.exec(finding)?.[1]])).toEqual([
      ['warning', 'default'],
      ['warning', 'mail'],
    ]);
    expect(JSON.stringify(findings)).not.toContain(short);
  });

  it('tells a folder that others can read, and one that is not there yet', async () => {
    chmodSync(folder, 0o755);
    expect(of(await found(), 'data folder')).toMatchObject([
      { verdict: 'ok' },
      { verdict: 'warning', remedy: `chmod 700 ${folder}` },
    ]);
    const [missing] = of(await found({ DATA_DIR: join(folder, 'a', 'b') }), 'data folder');
    expect(missing).toMatchObject({ verdict: 'ok', finding: expect.stringContaining('can be made') });
  });

  it('tells a folder that cannot be made because a file is in its way', async () => {
    writeFileSync(join(folder, 'file'), '');
    const [blocked] = of(await found({ DATA_DIR: join(folder, 'file') }), 'data folder');
    expect(blocked).toMatchObject({ verdict: 'failed', finding: expect.stringMatching(/file is no folder/) });
  });
});

describe('the doctor, looking for push services', () => {
  it('takes any answer for a free way, and tells the one that is blocked, by name', async () => {
    const emulator = await startEmulator();
    const blocked = await freePort();
    const services = [
      { name: 'One', origin: emulator.origin },
      { name: 'Two', origin: `https://127.0.0.1:${blocked}` },
    ];
    const environment = { PUSH_ALLOWED_HOSTS: `${emulator.allowedHost},127.0.0.1:${blocked}` };
    const caPem = emulator.caPem;
    const egress = of(await found(environment, { services, caPem }), 'egress');
    expect(egress).toMatchObject([
      { verdict: 'ok', finding: expect.stringContaining('One answers') },
      {
        verdict: 'failed',
        finding: expect.stringContaining('Two cannot be reached'),
        remedy: expect.stringContaining('firewall'),
      },
    ]);
    await emulator.close();
  });

  it('fails where no name is resolved, and says what to do and how to be offline on purpose', async () => {
    const findings = await found({}, { resolve: nowhere });
    for (const each of of(findings, 'egress')) {
      expect(each).toMatchObject({ verdict: 'failed', finding: expect.stringContaining('dns') });
      expect(each.remedy).toMatch(/Check this machine’s DNS.*--offline/);
    }
    expect(of(findings, 'egress')).toHaveLength(4);
    expect(exitCodeOf(findings)).toBe(1);
  });

  it('looks at none of them with --offline', async () => {
    const asked: string[] = [];
    const resolve: Resolver = (host) => {
      asked.push(host);
      return nowhere(host);
    };
    await found({}, { resolve, isOffline: true });
    expect(asked).toEqual([]);
  });

  it('goes by the rules of the service: a name that leads to a private address is a finding', async () => {
    const resolve: Resolver = async () => [{ address: '10.0.0.1', family: 4 }];
    const egress = of(await found({}, { resolve }), 'egress');
    expect(egress[0]).toMatchObject({
      verdict: 'failed',
      finding: expect.stringContaining('dns_sinkhole: DNS answers 10.0.0.1 for fcm.googleapis.com'),
      remedy: expect.stringMatching(/^Your DNS answers 10\.0\.0\.1 for fcm\.googleapis\.com: .*filter/),
    });
    expect(egress.map(({ remedy }) => remedy).join()).not.toContain('tries again');
  });

  it.each([
    [0, 'ok'],
    [3 * 60, 'failed'],
    [-3 * 60, 'failed'],
  ])('compares the clocks: a service whose clock is %d minutes off is %s', async (minutes, verdict) => {
    const server = createServer((_, response) => {
      response.setHeader('Date', new Date(Date.now() + minutes * 60_000).toUTCString());
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const services = [{ name: 'One', origin: `http://127.0.0.1:${port}` }];
    const [clock] = of(await found({ PUSH_ALLOWED_HOSTS: `127.0.0.1:${port}` }, { services }), 'clock');
    expect(clock).toMatchObject({ verdict });
    if (minutes !== 0) expect(clock?.finding).toContain(`180 minutes ${minutes > 0 ? 'behind' : 'ahead'}`);
    server.close();
  });
});

describeWithRedis('the doctor and Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer();
  });
  afterAll(() => redis.stop());

  it('finds one that answers, one that does not, and one that refuses, without its password', async () => {
    expect(of(await found({ REDIS_URL: redis.url }), 'Redis')).toMatchObject([{ verdict: 'ok' }]);
    const nobody = await found({ REDIS_URL: `redis://:pa55word@127.0.0.1:${await freePort()}` });
    expect(of(nobody, 'Redis')).toMatchObject([{ verdict: 'failed', remedy: expect.stringContaining('REDIS_URL') }]);
    const refused = await found({ REDIS_URL: redis.url.replace('redis://', 'redis://ada:pa55word@') });
    expect(of(refused, 'Redis')).toMatchObject([{ verdict: 'failed', finding: expect.stringContaining('refuses') }]);
    expect(JSON.stringify([nobody, refused])).not.toContain('pa55word');
  });
});

describeWithMongod('the doctor and MongoDB', () => {
  let mongod: Mongod;
  beforeAll(async () => {
    mongod = await startMongod();
  });
  afterAll(() => mongod.stop());

  it('tells its version and kind, or that nobody answers, without the password', async () => {
    const [there] = of(await found({ MONGODB_URL: freshDatabase(mongod.url) }), 'MongoDB');
    expect(there).toMatchObject({ verdict: 'ok', finding: expect.stringMatching(/version \d.*standalone/) });
    const nobody = await found({ MONGODB_URL: `mongodb://ada:pa55word@127.0.0.1:${await freePort()}/bellhop` });
    expect(of(nobody, 'MongoDB')).toMatchObject([{ verdict: 'failed' }]);
    expect(JSON.stringify(nobody)).not.toContain('pa55word');
  });
});

describe('the report', () => {
  it('has a line for each finding, its remedy below, and a tally', () => {
    const findings: Finding[] = [
      { check: 'Redis', verdict: 'failed', finding: 'nothing answers there', remedy: 'Start it.' },
      { check: 'clock', verdict: 'ok', finding: 'agrees', remedy: null },
    ];
    expect(findings.map(reportLine).join('')).toBe(
      'failed   Redis           nothing answers there\n                         → Start it.\nok       clock           agrees\n',
    );
    expect(tallyLine(findings)).toBe('\n1 ok, 1 failed.\n');
    expect(exitCodeOf(findings)).toBe(1);
  });
});
