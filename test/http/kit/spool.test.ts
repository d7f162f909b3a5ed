import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSpool } from '../../../src/http/kit/spool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-spool-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function* pieces(...all: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all;
}
const all = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const found: Uint8Array[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return Buffer.concat(found);
};

describe('the spool', () => {
  it('gives back what was kept, with its digest, and has no file that anybody could see', async () => {
    const body = randomBytes(300_000);
    const spooled = await createSpool([folder]).keep(pieces(body.subarray(0, 1), body.subarray(1)), 0);
    expect(readdirSync(folder)).toEqual([]);
    expect(spooled.sha256).toBe(createHash('sha256').update(body).digest('hex'));
    expect((await all(spooled.chunks)).equals(body)).toBe(true);
    await spooled.close();
    await spooled.close();
  });

  it('takes the next folder where one cannot be written to', async () => {
    const spooled = await createSpool([join(folder, 'none'), folder]).keep(pieces(Buffer.from('x')), 0);
    expect((await all(spooled.chunks)).toString()).toBe('x');
    await spooled.close();
  });

  it('takes no more of one body, and of all together, than it may', async () => {
    const spool = createSpool([folder], 10, 15);
    await expect(spool.keep(pieces(), 11)).rejects.toMatchObject({ code: 'body_too_large' });
    await expect(spool.keep(pieces(Buffer.alloc(11)), 0)).rejects.toMatchObject({ code: 'body_too_large' });
    const first = await spool.keep(pieces(Buffer.alloc(10)), 10);
    await expect(spool.keep(pieces(Buffer.alloc(6)), 0)).rejects.toMatchObject({ code: 'overloaded' });
    await first.close();
    const second = await spool.keep(pieces(Buffer.alloc(10)), 0);
    await second.close();
  });

  it('gives the room back of a body that breaks off', async () => {
    const spool = createSpool([folder], 10, 10);
    const broken = async function* () {
      yield Buffer.alloc(9);
      throw new Error('gone');
    };
    await expect(spool.keep(broken(), 0)).rejects.toThrow('gone');
    await (await spool.keep(pieces(Buffer.alloc(10)), 0)).close();
  });
});
