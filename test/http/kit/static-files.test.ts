import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { fileAnswerer, readStaticFiles, staticFile } from '../../../src/http/kit/static-files.ts';

describe('the files of a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-static-files-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('come with their text and media type, without subfolders and what no browser is to load', () => {
    mkdirSync(join(folder, 'below.js'));
    for (const name of [
      'a.html',
      'b.css',
      'c.js',
      'd.svg',
      'e.webmanifest',
      'f.d.ts',
      'c.js.map',
      '.DS_Store',
      'g.js~',
    ])
      writeFileSync(join(folder, name), `${name} Grüße`);
    writeFileSync(join(folder, 'below.js', 'h.js'), '');
    const files = readStaticFiles(pathToFileURL(`${folder}/`));
    expect(files.map(({ name, text, mediaType }) => [name, text, mediaType]).sort()).toEqual([
      ['a.html', 'a.html Grüße', 'text/html; charset=utf-8'],
      ['b.css', 'b.css Grüße', 'text/css; charset=utf-8'],
      ['c.js', 'c.js Grüße', 'text/javascript; charset=utf-8'],
      ['d.svg', 'd.svg Grüße', 'image/svg+xml'],
      ['e.webmanifest', 'e.webmanifest Grüße', 'application/manifest+json'],
      ['f.d.ts', 'f.d.ts Grüße', 'text/plain; charset=utf-8'],
    ]);
  });
});

describe('an answer with a file', () => {
  const file = staticFile('a.js', 'export {};');

  it('has a tag that follows from the text alone', () => {
    expect(staticFile('b.css', 'export {};').etag).toBe(file.etag);
    expect(staticFile('a.js', 'export { };').etag).not.toBe(file.etag);
  });

  it.each([
    [undefined, 200],
    ['', 200],
    ['"other"', 200],
    [file.etag, 304],
    [`W/${file.etag}`, 304],
    [`"other" , ${file.etag}`, 304],
    ['*', 304],
  ])('where If-None-Match is %j, is %d', async (ifNoneMatch, status) => {
    const answer = await fileAnswerer(file, { 'Cache-Control': 'no-cache' })({ 'if-none-match': ifNoneMatch });
    expect(answer).toEqual({
      status,
      body: status === 304 ? null : Buffer.from(file.text),
      headers: { 'Cache-Control': 'no-cache', ETag: file.etag, Vary: 'Accept-Encoding' },
    });
  });

  it.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const)('is %s where that is asked for, with a tag of its own', async (encoding, decode) => {
    const answerer = fileAnswerer(file, {});
    const { status, body, headers } = await answerer({ 'accept-encoding': encoding });
    expect([status, decode(body ?? '').toString()]).toEqual([200, file.text]);
    const tag = `${file.etag.slice(0, -1)}-${encoding}"`;
    expect(headers).toEqual({ ETag: tag, Vary: 'Accept-Encoding', 'Content-Encoding': encoding });
    const known = await answerer({ 'accept-encoding': encoding, 'if-none-match': tag });
    expect(known).toEqual({ status: 304, body: null, headers: { ETag: tag, Vary: 'Accept-Encoding' } });
    // These are other octets than the ones that the caller has.
    expect(await answerer({ 'if-none-match': tag })).toMatchObject({ status: 200 });
    expect(await answerer({ 'accept-encoding': encoding }).then((again) => again.body)).toBe(body);
  });
});
