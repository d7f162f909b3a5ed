import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/telemetry/logger.ts';
import { UNPRINTABLE } from '../support/unprintable.ts';

const SECRET = 'S3CRETS3CRET';

function logOf(options: { level: string; pretty: boolean }) {
  const written = new PassThrough();
  const log = createLogger(options, written);
  /** All of it, without colours, once there is any. */
  const text = async (): Promise<string> => {
    if (written.readableLength === 0) await once(written, 'readable');
    return stripVTControlCharacters(String(written.read()));
  };
  return { log, text };
}

describe('the logger', () => {
  it('writes one JSON object a line, with level and time in words', async () => {
    const { log, text } = logOf({ level: 'info', pretty: false });
    log.info({ port: 8080 }, 'Bellhop is ready');
    log.debug('not told');
    const written = await text();
    expect(JSON.parse(written)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      port: 8080,
      msg: 'Bellhop is ready',
    });
    expect(written.endsWith('\n')).toBe(true);
  });

  it.each([
    [false, /^\{.*"msg":"unexpected error"\}\n$/],
    [true, /unexpected error \n +err: \{\n +"error": "TypeError ERR_INVALID_URL",\n +"at": ".*"\n +\}\n$/],
  ])('tells an error by its summary (pretty: %s)', async (pretty, line) => {
    const { log, text } = logOf({ level: 'info', pretty });
    try {
      new URL(`//${SECRET}`);
    } catch (err) {
      log.error({ err }, 'unexpected error');
    }
    const written = await text();
    expect(written).toMatch(line);
    expect(written).not.toContain(SECRET);
  });

  it('has all but an error on one line for a person', async () => {
    const { log, text } = logOf({ level: 'info', pretty: true });
    log.error({ part: 'queue', error: 'Redis is away' }, 'the queue has trouble');
    expect(await text()).toMatch(
      /^\[[\d:.]+\] ERROR: the queue has trouble \{"part":"queue","error":"Redis is away"\}\n$/,
    );
  });

  it('shows a person no caller as a place in the code, and a machine every field', async () => {
    for (const [pretty, shown] of [
      [true, 'INFO: GET /v1/users 200 {"status":200}'],
      [false, '"status":200,"caller":"key","msg":"GET /v1/users 200"'],
    ] as const) {
      const { log, text } = logOf({ level: 'info', pretty });
      log.info({ status: 200, caller: 'key' }, 'GET /v1/users 200');
      expect(await text()).toContain(shown);
    }
  });

  it.each(UNPRINTABLE)('escapes %s, and a machine reads what was there', async (_, character, shown) => {
    const { log, text } = logOf({ level: 'info', pretty: false });
    log.info({ user_id: `a${character}b` }, `a${character}b`);
    const written = await text();
    expect(written.slice(0, -1)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(written)).toMatchObject({ user_id: `a${character}b`, msg: `a${character}b` });

    const person = logOf({ level: 'info', pretty: true });
    person.log.info({ user_id: `a${character}b` }, `a${character}b`);
    expect(await person.text()).toContain(`INFO: a${shown}b {"user_id":"a${shown}b"}\n`);
  });

  it('keeps a message with line feeds on one line', async () => {
    for (const pretty of [true, false]) {
      const { log, text } = logOf({ level: 'info', pretty });
      log.info({ topic: 'a\nb' }, 'one\ntwo');
      expect((await text()).split('\n')).toHaveLength(2);
    }
  });
});
