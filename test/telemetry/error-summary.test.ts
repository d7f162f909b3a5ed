import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { MongoServerError, MongoServerSelectionError } from 'mongodb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '../../src/domain/app-error.ts';
import { summarize } from '../../src/telemetry/error-summary.ts';
import { buildForTest } from '../support/built.ts';

/** What must never be in a log, wherever in an error it stands. */
const SECRET = 'S3CRETS3CRET';
const ENDPOINT = `https://fcm.googleapis.com/fcm/send/${SECRET}`;

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const rejectionOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

const failureToConnect = (port: number): Promise<unknown> =>
  new Promise((resolve) => connect(port, '127.0.0.1').once('error', resolve));

/** As a driver of Redis makes an answer that begins with a minus sign. */
function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError', command: { name: 'SET', args: [SECRET] } });
}

function endless(): Error {
  const error = new Error(SECRET);
  error.cause = error;
  return error;
}

const unreadable = new Proxy(new Error(SECRET), {
  get() {
    throw new Error(SECRET);
  },
});

const CASES: readonly (readonly [what: string, error: unknown, summary: object])[] = [
  ['a URL that is none', thrownBy(() => new URL(`//${SECRET}`)), { error: 'TypeError ERR_INVALID_URL' }],
  ['a document that is cut off', thrownBy(() => JSON.parse(`{"title":"${SECRET}`)), { error: 'SyntaxError' }],
  ['a value in the words of the engine', thrownBy(() => BigInt(SECRET)), { error: 'SyntaxError' }],
  ['a path', await rejectionOf(readFile(`/nowhere/${SECRET}`)), { error: 'open ENOENT' }],
  ['a server that is away', await failureToConnect(1), { error: 'connect ECONNREFUSED 127.0.0.1:1' }],
  [
    'a server that is away at each of its addresses',
    Object.assign(new AggregateError([await failureToConnect(1)], ''), { code: 'ECONNREFUSED' }),
    { error: 'AggregateError ECONNREFUSED', cause: 'connect ECONNREFUSED 127.0.0.1:1' },
  ],
  [
    'a duplicate key, with the key',
    new MongoServerError({
      message: `E11000 duplicate key error dup key: { endpoint: "${ENDPOINT}" }`,
      code: 11000,
      keyValue: { endpoint: ENDPOINT },
    }),
    { error: 'MongoServerError 11000' },
  ],
  [
    'a Redis that quotes the command',
    replyError(`ERR unknown command 'x', with args beginning with: '${SECRET}'`),
    { error: 'ReplyError ERR' },
  ],
  ['a Redis that wants a password', replyError('NOAUTH Authentication required.'), { error: 'ReplyError NOAUTH' }],
  [
    'words of our own, and what is behind them',
    new AppError(
      'store_unavailable',
      'MongoDB does not answer.',
      { endpoint: ENDPOINT },
      new MongoServerSelectionError(`mongodb://bellhop:${SECRET}@db`, { error: new Error(SECRET) } as never),
    ),
    { error: 'MongoDB does not answer.', cause: 'MongoServerSelectionError < Error' },
  ],
  ['a cause that is no error', new Error(SECRET, { cause: SECRET }), { error: 'Error', cause: 'no error object' }],
  ['a cause that is its own', endless(), { error: 'Error', cause: 'Error < Error < Error' }],
  ['an error in disguise', Object.assign(new Error(SECRET), { name: ENDPOINT, code: ENDPOINT }), { error: 'Error' }],
  ['an error that cannot be read', unreadable, { error: 'an error that cannot be read' }],
  ['a text', SECRET, { error: 'no error object' }],
  ['an object', { message: SECRET }, { error: 'no error object' }],
  ['nothing', null, { error: 'no error object' }],
  ['nothing at all', undefined, { error: 'no error object' }],
];

describe('the summary of an error', () => {
  it.each(CASES)('tells %s by kind and code, and nothing that it carries', (_, error, { ...expected }) => {
    const { at, ...summary } = summarize(error);
    expect(summary).toEqual(expected);
    expect(JSON.stringify({ at, ...summary })).not.toContain(SECRET);
  });

  it('tells where a defect is, innermost first, and only by places in the code', () => {
    const message = `first\n    at ${SECRET} (/tmp/${SECRET}.ts:1:1)\n`;
    const { at } = summarize(
      thrownBy(function deliver() {
        throw new Error(message);
      }),
    );
    expect(at).toMatch(/^deliver \(test\/telemetry\/error-summary\.test\.ts:\d+:\d+\) < thrownBy \(test\/telemetry\//);
    expect(at).not.toContain(SECRET);
  });

  it('tells the places of what is built by those of its source', async () => {
    const built = await buildForTest('config/key-files.ts');
    onTestFinished(() => built.remove());
    const { loadKeys } = await import(built.href);
    const { error, at } = summarize(thrownBy(() => loadKeys(undefined)));
    expect(error).toBe('TypeError');
    const source = readFileSync('src/config/key-files.ts', 'utf8').split('\n');
    const [, line] = /^loadKeys \(src\/config\/key-files\.ts:(\d+):\d+\) < /.exec(at ?? '') ?? [];
    expect(source[Number(line) - 1]).toContain('config');
  });

  it('tells no place for trouble outside, in words of our own or of the system', async () => {
    expect(summarize(new AppError('store_unavailable', 'The disk is full.'))).toEqual({ error: 'The disk is full.' });
    expect(summarize(await failureToConnect(1))).not.toHaveProperty('at');
  });
});
