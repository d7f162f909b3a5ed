import { seededRandom } from '../support/seeded.ts';
import {
  BODIES,
  CODINGS,
  HOSTS,
  LENGTHS,
  LINE_ENDS,
  METHODS,
  NAMES,
  ODD_METHODS,
  ODD_TARGETS,
  ODD_VERSIONS,
  SIZES,
  TARGETS,
  VALUES,
  VERSIONS,
} from './raw-request-words.ts';

/** What is written to one connection, piece by piece, and whether its writing side is closed then. */
export type RawRequest = { readonly pieces: readonly Buffer[]; readonly isEnded: boolean };

export type Secrets = { readonly bearer: string; readonly token: string };

type Dice = {
  readonly random: () => number;
  chance(share: number): boolean;
  below(count: number): number;
  of<Item>(items: readonly Item[]): Item;
};

function diceOf(seed: number): Dice {
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  return {
    random,
    below,
    chance: (share) => random() < share,
    of: <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item,
  };
}

/** Something like a request, or several: mostly right, so that it gets past the first check, and wrong somewhere. */
export function rawRequest(seed: number, secrets: Secrets): RawRequest {
  const dice = diceOf(seed);
  const count = dice.chance(0.2) ? 2 + dice.below(12) : 1;
  const text = Array.from({ length: count }, () => oneRequest(dice, secrets)).join('');
  const octets = mutated(dice, Buffer.from(text, 'latin1'));
  return { pieces: cut(dice, octets), isEnded: dice.chance(0.5) };
}

function oneRequest(dice: Dice, secrets: Secrets): string {
  if (dice.chance(0.2)) return rightRequest(dice, secrets);
  const method = dice.chance(0.05) ? dice.of(ODD_METHODS) : dice.of(METHODS);
  const target = dice.chance(0.15) ? dice.of(ODD_TARGETS) : dice.of(TARGETS);
  const version = dice.chance(0.05) ? dice.of(ODD_VERSIONS) : dice.of(VERSIONS);
  const lineEnd = (): string => (dice.chance(0.02) ? dice.of(LINE_ENDS) : '\r\n');
  const body = dice.of(BODIES);
  const lines = [
    `${method} ${target} ${version}`,
    ...hostLines(dice),
    ...framing(dice, body),
    ...callerLines(dice, secrets),
    ...oddLines(dice),
  ];
  const isChunked = lines.some((line) => /^transfer-encoding: *chunked/i.test(line));
  return `${lines.map((line) => line + lineEnd()).join('')}${lineEnd()}${isChunked ? chunks(dice, body) : body}`;
}

/** Nothing is wrong with it, until it is mutated. */
function rightRequest(dice: Dice, { bearer }: Secrets): string {
  const body = dice.of(BODIES);
  const path = dice.of(['/v1/notifications', '/v1/notifications', '/v1/subscriptions', '/v1/subscriber-tokens']);
  const caller = `Host: a\r\nAuthorization: Bearer ${bearer}`;
  const framed = `Content-Type: application/json\r\nContent-Length: ${body.length}`;
  return `POST ${path} HTTP/1.1\r\n${caller}\r\n${framed}\r\n\r\n${body}`;
}

function hostLines(dice: Dice): string[] {
  if (dice.chance(0.05)) return [];
  const first = dice.chance(0.8) ? 'Host: a' : `Host: ${dice.of(HOSTS)}`;
  return dice.chance(0.05) ? [first, `Host: ${dice.of(HOSTS)}`] : [first];
}

function framing(dice: Dice, body: string): string[] {
  const right = `Content-Length: ${body.length}`;
  const json = dice.chance(0.9) ? ['Content-Type: application/json'] : [];
  if (dice.chance(0.5)) return body === '' ? [] : [...json, right];
  if (dice.chance(0.4)) return [...json, 'Transfer-Encoding: chunked'];
  if (dice.chance(0.4)) return [...json, `Content-Length: ${dice.of(LENGTHS)}`];
  if (dice.chance(0.4)) return [...json, `Transfer-Encoding: ${dice.of(CODINGS)}`];
  // Two answers to how long the body is.
  return [
    ...json,
    dice.of([right, 'Transfer-Encoding: chunked']),
    dice.of([`Content-Length: ${dice.of(LENGTHS)}`, 'Transfer-Encoding: chunked']),
  ];
}

function callerLines(dice: Dice, { bearer, token }: Secrets): string[] {
  const timestamp = Math.floor(Date.now() / 1000);
  return dice.of([
    [],
    [`Authorization: Bearer ${bearer}`],
    [`Authorization: Bearer ${bearer}`],
    [`Authorization: Bearer ${token}`],
    ['Authorization: Bearer a.b.c'],
    ['Authorization: \xff'],
    [`X-Timestamp: ${timestamp}`, `X-Signature: ${'0'.repeat(64)}`],
    [`X-Timestamp: ${timestamp}`, `X-Signature: ${'0'.repeat(64)}`, 'X-Nonce: a', 'X-Nonce: b'],
    ['X-Timestamp: 1e999', 'X-Signature: \xff'],
    ['Origin: http://a', 'Cookie: bellhop_demo=demo-\xff'],
  ]);
}

function oddLines(dice: Dice): string[] {
  const lines = Array.from({ length: dice.below(4) }, () => `${dice.of(NAMES)}: ${dice.of(VALUES)}`);
  if (dice.chance(0.1)) lines.push(`Expect: ${dice.of(['100-continue', '100-Continue', 'x', '', '100-continue, x'])}`);
  if (dice.chance(0.1))
    lines.push(`Connection: ${dice.of(['close', 'keep-alive', 'upgrade', 'Content-Length', '\xff'])}`);
  if (dice.chance(0.05)) lines.push(`Upgrade: ${dice.of(['websocket', 'h2c', 'TLS/1.0', ''])}`, 'Connection: Upgrade');
  if (dice.chance(0.05)) lines.push(' folded', '\tfolded: too');
  if (dice.chance(0.05)) lines.push(dice.of(['no colon', ':', ': a', '\0', 'HTTP/1.1 200 OK', '']));
  if (dice.chance(0.02)) lines.push(`X-Huge: ${'h'.repeat(20_000)}`);
  if (dice.chance(0.02)) lines.push(...Array.from({ length: 3000 }, () => 'a:'));
  return lines;
}

function chunks(dice: Dice, body: string): string {
  const parts: string[] = [];
  const size = 1 + dice.below(Math.max(1, body.length));
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.slice(at, at + size);
    const header = dice.chance(0.1) ? dice.of(SIZES) : chunk.length.toString(16);
    parts.push(`${header}\r\n${chunk}${dice.chance(0.05) ? dice.of(LINE_ENDS) : '\r\n'}`);
  }
  const trailer = dice.chance(0.1)
    ? dice.of(['X-T: a\r\n', 'Content-Length: 5\r\n', 'Host: b/c\r\n', ' \r\n', '\0'])
    : '';
  return `${parts.join('')}${dice.chance(0.9) ? '0\r\n' : dice.of(SIZES)}${trailer}\r\n`;
}

function mutated(dice: Dice, octets: Buffer): Buffer {
  if (dice.chance(0.2)) octets = octets.subarray(0, dice.below(octets.length + 1));
  if (dice.chance(0.2)) {
    octets = Buffer.from(octets);
    for (let flips = 1 + dice.below(3); flips > 0 && octets.length > 0; flips -= 1) {
      octets[dice.below(Math.min(octets.length, 400))] = dice.below(256);
    }
  }
  return octets;
}

function cut(dice: Dice, octets: Buffer): readonly Buffer[] {
  if (dice.chance(0.7)) return [octets];
  const pieces: Buffer[] = [];
  for (let at = 0; at < octets.length; ) {
    const size = 1 + dice.below(dice.chance(0.5) ? 40 : 4000);
    pieces.push(octets.subarray(at, at + size));
    at += size;
  }
  return pieces.slice(0, 200);
}
