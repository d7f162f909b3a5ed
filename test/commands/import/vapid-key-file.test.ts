import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readVapidKeyFile } from '../../../src/commands/import/vapid-key-file.ts';
import { generateVapidKeys } from '../../../src/config/vapid-key-maker.ts';

const folder = mkdtempSync(join(tmpdir(), 'bellhop-pair-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pair = generateVapidKeys();
const { publicKey, privateKey } = pair;
const path = join(folder, 'keys');

function pem(): string {
  const point = Buffer.from(publicKey, 'base64url');
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'));
  const key = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', x: x!, y: y!, d: privateKey }, format: 'jwk' });
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

it.each([
  ['JSON', JSON.stringify(pair)],
  ['JSON in snake case', JSON.stringify({ public_key: publicKey, private_key: privateKey, subject: 'mailto:a@b.c' })],
  ['the text of web-push', `=====\n\nPublic Key:\n${publicKey}\n\nPrivate Key:\n${privateKey}\n\n=====\n`],
  ['a .env', `VAPID_PUBLIC_KEY=${publicKey}\nVAPID_PRIVATE_KEY="${privateKey}"\n`],
  ['a private key as PEM', pem()],
])('a pair is read from %s', (_, text) => {
  writeFileSync(path, text);
  expect(readVapidKeyFile(path)).toEqual(pair);
});

it.each([
  ['nothing', ''],
  ['half a pair', JSON.stringify({ publicKey })],
  ['no JSON', '{'],
  ['halves of two pairs', JSON.stringify({ publicKey: generateVapidKeys().publicKey, privateKey })],
])('%s is refused, and no key is told', (_, text) => {
  writeFileSync(path, text);
  expect(() => readVapidKeyFile(path)).toThrow(path);
  expect(() => readVapidKeyFile(path)).not.toThrow(privateKey);
});
