import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startServiceProcess } from '../../scripts/service-process.ts';
import { signedClient } from '../../scripts/signed-client.ts';
import { generateVapidKeys } from '../../src/config/vapid-key-maker.ts';
import { type Emulator, startEmulator } from '../../src/emulator/emulator.ts';
import { until } from '../support/until.ts';

const BUILT = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-commands-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function bellhop(args: readonly string[], environment: Readonly<Record<string, string>> = {}, main = BUILT) {
  const env = { PATH: process.env.PATH ?? '', DATA_DIR: join(folder, 'data'), ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('bellhop', () => {
  it('tells its commands, and refuses others', () => {
    const help = bellhop(['--help']);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('bellhop rotate-vapid-key');
    const odd = bellhop(['odd']);
    expect(odd).toMatchObject({ status: 2, stdout: '' });
    expect(odd.stderr).toContain('There is no command "odd".');
  });
});

describe('the container image', () => {
  it('has a doctor that does without the emulator', () => {
    const app = join(folder, 'app');
    const root = fileURLToPath(new URL('../../', import.meta.url));
    cpSync(join(root, 'dist'), join(app, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(app, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(app, 'node_modules'));
    rmSync(join(app, 'dist/emulator'), { recursive: true });
    const { status, stdout, stderr } = bellhop(['doctor', '--offline'], {}, join(app, 'dist/main.js'));
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^skipped +payload +the push service emulator is not part of this installation/m);
  });
});

describe('a link that leads nowhere', () => {
  /** In the working folder, which holds the data folder too. */
  const places: readonly [name: string, told: RegExp, environment?: Record<string, string>][] = [
    ['.env', /\.env in this folder is a link that leads nowhere/],
    ['data', /DATA_DIR: .*data is a link that leads nowhere/],
    ['data/hmac-secret', /hmac-secret is a link that leads nowhere/],
    ['data/vapid.json', /vapid\.json is a link that leads nowhere/],
    ['data/bellhop.db', /bellhop\.db is a link that leads nowhere/],
    ['ca.pem', /PUSH_CA_FILE names ca\.pem, which cannot be read/, { PUSH_CA_FILE: 'ca.pem' }],
  ];

  it.each(places)('keeps Bellhop from starting in one clear line where it is %s', (name, told, environment = {}) => {
    mkdirSync(join(folder, 'data'), { mode: 0o700 });
    rmSync(join(folder, name), { recursive: true, force: true });
    symlinkSync('nowhere', join(folder, name));
    const { status, stderr } = bellhop(['start'], environment);
    expect(status).toBe(1);
    expect(stderr).toMatch(told);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it.each(places)(
    'is a finding of the doctor where it is %s, as are a folder and a pipe',
    (name, _, environment = {}) => {
      mkdirSync(join(folder, 'data'), { mode: 0o700 });
      for (const make of [symlinkToNowhere, symlinkToItself, mkdirSync, makePipe]) {
        // A pipe as .env gives secrets from a password store; a data folder that is a folder is right.
        if (make === makePipe && /^(\.env|ca\.pem)$/.test(name)) continue;
        if (make === mkdirSync && name === 'data') continue;
        rmSync(join(folder, name), { recursive: true, force: true });
        make(join(folder, name));
        const { status, stdout, stderr } = bellhop(['doctor', '--offline'], environment);
        expect([status, stderr], make.name).toEqual([1, '']);
        expect(stdout).toMatch(/^failed /m);
      }
    },
  );
});

function symlinkToNowhere(path: string): void {
  symlinkSync('nowhere', path);
}

function symlinkToItself(path: string): void {
  symlinkSync(basename(path), path);
}

function makePipe(path: string): void {
  spawnSync('mkfifo', [path]);
}

describe('text that cannot be seen', () => {
  const HIDDEN = 'a\u202eb\u009bc\u001b[2Jd\u2028e\u200bf';
  const SHOWN = 'a\\u202eb\\u009bc\\u001b[2Jd\\u2028e\\u200bf';
  const hasHidden = (text: string): boolean => /[\p{C}\p{Zl}\p{Zp}]/u.test(text.replaceAll('\n', ''));

  it('is escaped in what is said of a command that there is not', () => {
    const { stderr } = bellhop([HIDDEN]);
    expect(stderr).toContain(`There is no command "${SHOWN}".`);
    expect(hasHidden(stderr)).toBe(false);
  });

  it.each(['LOG_LEVEL', 'HOST', 'VAPID_SUBJECT', 'PUSH_CA_FILE', 'PUSH_ALLOWED_HOSTS', `BELLHOP_${HIDDEN}`])(
    'is escaped where %s keeps the service from starting',
    (name) => {
      const { status, stderr } = bellhop(['start'], { [name]: HIDDEN });
      expect(status).toBe(1);
      expect(stderr).toContain(SHOWN);
      expect(hasHidden(stderr)).toBe(false);
    },
  );

  it('cannot fake a line of its own', () => {
    const { stderr } = bellhop(['start'], { PUSH_CA_FILE: '/ca\n  - PORT is fine' });
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  });

  it('is escaped in the report of the doctor, whose JSON still says what is there', () => {
    const DATA_DIR = join(folder, HIDDEN);
    const person = bellhop(['doctor', '--offline'], { DATA_DIR });
    expect(person.stdout).toContain(`${SHOWN} is not there yet and can be made`);
    expect(hasHidden(person.stdout)).toBe(false);
    const machine = bellhop(['doctor', '--json', '--offline'], { DATA_DIR });
    expect(hasHidden(machine.stdout)).toBe(false);
    const { findings } = JSON.parse(machine.stdout) as { findings: { finding: string }[] };
    expect(findings.some(({ finding }) => finding.includes(HIDDEN))).toBe(true);
  });

  it('is escaped where a key is rotated, and where one cannot be', () => {
    const DATA_DIR = join(folder, HIDDEN);
    const refused = bellhop(['rotate-vapid-key'], { DATA_DIR });
    expect(refused.stderr).toContain(SHOWN);
    expect(hasHidden(refused.stderr)).toBe(false);
    mkdirSync(DATA_DIR, { mode: 0o700 });
    writeFileSync(join(DATA_DIR, 'vapid.json'), JSON.stringify(generateVapidKeys()), { mode: 0o600 });
    const rotated = bellhop(['rotate-vapid-key'], { DATA_DIR });
    expect(rotated.stdout).toContain(SHOWN);
    expect(hasHidden(rotated.stdout)).toBe(false);
  });
});

describe('bellhop doctor', () => {
  it('reports for a person and for a machine, with an exit code for CI', () => {
    const person = bellhop(['doctor', '--offline']);
    expect(person).toMatchObject({ status: 0, stderr: '' });
    expect(person.stdout).toMatch(/^ok {7}configuration/);
    expect(person.stdout).toMatch(/ok {7}payload {9}3993 octets there and back\n\n.* ok, /);
    const machine = bellhop(['doctor', '--json', '--offline'], { PORT: 'x' });
    expect(machine).toMatchObject({ status: 1, stderr: '' });
    expect(JSON.parse(machine.stdout)).toMatchObject({ healthy: false, findings: [{ verdict: 'failed' }] });
    expect(bellhop(['doctor', '--odd'])).toMatchObject({ status: 2, stdout: '' });
    expect(bellhop(['doctor', '--help'])).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('bellhop rotate-vapid-key', () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await startEmulator();
  });
  afterEach(() => emulator.close());

  const start = () => {
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, emulator.caPem ?? '');
    const environment = { PUSH_ALLOWED_HOSTS: emulator.allowedHost, PUSH_CA_FILE: caFile };
    return startServiceProcess({ folder, environment });
  };

  it('loses no subscriber, and tells how far it has come', async () => {
    const before = await start();
    const old = emulator.createDevice({ applicationServerKey: before.publicKey });
    const call = signedClient(before.address, before.secret);
    await call('POST', '/v1/subscriptions', { body: { user_id: 'ada', ...old.subscription } });
    expect((await before.stop('SIGTERM')).code).toBe(0);

    const rotated = bellhop(['rotate-vapid-key']);
    expect(rotated).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(join(folder, 'data', 'vapid.json')).mode & 0o777).toBe(0o600);

    const after = await start();
    expect(after.publicKey).not.toBe(before.publicKey);
    expect(rotated.stdout).toContain(after.publicKey);
    const fresh = emulator.createDevice({ applicationServerKey: after.publicKey });
    const callAgain = signedClient(after.address, after.secret);
    expect((await callAgain('GET', '/v1/push/public-key')).body.public_key).toBe(after.publicKey);
    await callAgain('POST', '/v1/subscriptions', { body: { user_id: 'ada', ...fresh.subscription } });
    // A page that registers its old subscription again, as it does on each visit.
    await callAgain('POST', '/v1/subscriptions', { body: { user_id: 'ada', ...old.subscription } });
    await callAgain('POST', '/v1/notifications', { body: { type: 't', title: 'Hello', user_ids: ['ada'] } });
    for (const [device, key] of [
      [old, before.publicKey],
      [fresh, after.publicKey],
    ] as const) {
      expect((await device.nextPush()).vapid?.publicKey).toBe(key);
    }
    const { body } = await callAgain('GET', '/v1/push/vapid-keys');
    expect(body).toMatchObject({
      moved_percent: 50,
      items: [
        { public_key: after.publicKey, current: true, held: true, active_subscriptions: 1 },
        { public_key: before.publicKey, current: false, held: true, active_subscriptions: 1 },
      ],
    });
    const rotate = () => callAgain('POST', '/v1/push/vapid-keys/rotate');
    const [first, second] = [await rotate(), await rotate()];
    expect([first.status, second.body]).toEqual([200, first.body]);
    const next = first.body.next_public_key;
    expect((await callAgain('GET', '/v1/push/vapid-keys')).body).toMatchObject({ next_public_key: next });
    expect((await callAgain('GET', '/v1/push/public-key')).body.public_key).toBe(after.publicKey);
    expect((await after.stop('SIGTERM')).code).toBe(0);

    const last = await start();
    expect(last.publicKey).toBe(next);
    await signedClient(last.address, last.secret)('POST', '/v1/notifications', {
      body: { type: 't', title: 'Still here', user_ids: ['ada'] },
    });
    expect((await old.nextPush()).vapid?.publicKey).toBe(before.publicKey);
    expect((await fresh.nextPush()).vapid?.publicKey).toBe(after.publicKey);
    await last.stop('SIGTERM');
  });

  it('writes out what to set where the pair is set by the environment', () => {
    const pair = generateVapidKeys();
    const environment = { VAPID_PUBLIC_KEY: pair.publicKey, VAPID_PRIVATE_KEY: pair.privateKey };
    const { status, stdout } = bellhop(['rotate-vapid-key'], environment);
    expect(status).toBe(0);
    const set = Object.fromEntries(
      stdout
        .split('\n')
        .flatMap((line) => [...line.matchAll(/^(VAPID_\w+)=(.+)$/g)].map((found) => [found[1], found[2]])),
    );
    expect(set.VAPID_OLD_KEYS).toBe(`${pair.publicKey}:${pair.privateKey}`);
    const again = bellhop(['rotate-vapid-key'], set as Record<string, string>);
    expect(again.stdout).toContain(
      `VAPID_OLD_KEYS=${set.VAPID_PUBLIC_KEY}:${set.VAPID_PRIVATE_KEY},${set.VAPID_OLD_KEYS}`,
    );
  });

  it('changes nothing where there is nothing to rotate, or the file is damaged', () => {
    const none = bellhop(['rotate-vapid-key']);
    expect(none).toMatchObject({ status: 1, stdout: '' });
    expect(none.stderr).toContain('the first start makes the first pair');
  });

  it('a pair that is lost refuses to start, until somebody says that it may be', async () => {
    const before = await start();
    const device = emulator.createDevice();
    const call = signedClient(before.address, before.secret);
    await call('POST', '/v1/subscriptions', { body: { user_id: 'ada', ...device.subscription } });
    await before.stop('SIGTERM');
    const { publicKey, privateKey } = generateVapidKeys();
    const environment = { PORT: '0', VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey };
    rmSync(join(folder, 'data', 'vapid.json'));
    const refused = bellhop(['start'], environment);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('1 active subscriptions were made with a VAPID key that is not held');
    expect(refused.stderr).not.toContain(privateKey);
    const started = await startServiceProcess({
      folder,
      environment: { ...environment, ALLOW_LOST_VAPID_KEYS: 'true' },
    });
    await until('it says so', async () => started.log.some(({ msg }) => String(msg).includes('was rotated')));
    const audit = await signedClient(started.address, started.secret)('GET', '/v1/audit?action=rotateVapidKey');
    expect(audit.body.items).toMatchObject([{ by: 'command', target: { text: publicKey } }]);
    await started.stop('SIGTERM');
  });
});
