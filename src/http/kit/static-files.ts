import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { z } from '@hono/zod-openapi';
import { chooseEncoding, type Encoding, encode } from './content-encoding.ts';
import { answer } from './route.ts';

/** A file that browsers load as it is. */
export type StaticFile = {
  readonly name: string;
  readonly text: string;
  readonly mediaType: string;
  /** Strong: another text has another tag (RFC 9110 section 8.8.3). */
  readonly etag: string;
};

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  // Declarations are for people and compilers; no browser takes them.
  '.ts': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};

/** Reads the files of one folder, without its subfolders. A file whose media type is not known here is left out. */
export function readStaticFiles(folder: URL): readonly StaticFile[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && extname(entry.name) in MEDIA_TYPES)
    .map(({ name }) => staticFile(name, readFileSync(new URL(name, folder), 'utf8')));
}

/** A file with this text. Throws where the media type of such a name is not known. */
export function staticFile(name: string, text: string): StaticFile {
  const mediaType = MEDIA_TYPES[extname(name)];
  if (mediaType === undefined) throw new Error(`no media type is known for ${name}`);
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  return { name, text, mediaType, etag };
}

/** What a request says of the form in which it wants a file. */
export const fileHeaders = z.object({
  'if-none-match': z.string().optional().openapi({ description: 'The `ETag` of a version that the caller has.' }),
  'accept-encoding': z.string().optional().openapi({ description: '`br` and `gzip` are understood.' }),
});

/** The answers of a route that gives a file. */
export function fileAnswers<Schema extends z.ZodType>(body: Schema, mediaType: string) {
  const headers = { ETag: 'Of this version, in this encoding.', Vary: '`Accept-Encoding`.' };
  return {
    200: { description: 'The file.', body, mediaType, isOctets: true, headers },
    304: { description: 'The version that `If-None-Match` names.', body: null, headers },
  } as const;
}

/**
 * Answers with a file, in the encoding that the request likes best; or with 304 and without the file, where `If-None-Match` names
 * this version (RFC 9110 section 13.1.2). Each encoding is made once, and held once for all who are slow to take it.
 */
export function fileAnswerer({ text, etag }: StaticFile, headers: Readonly<Record<string, string>>) {
  const made = new Map<Encoding, Promise<Uint8Array<ArrayBuffer>>>();
  return async (asked: z.output<typeof fileHeaders>) => {
    const encoding = chooseEncoding(asked['accept-encoding']);
    // Another tag for other octets (RFC 9110 section 8.8.3.3).
    const tag = encoding === 'identity' ? etag : `${etag.slice(0, -1)}-${encoding}"`;
    const all = { ...headers, ETag: tag, Vary: 'Accept-Encoding' };
    if (isNamed(tag, asked['if-none-match'])) return answer(304, null, all);
    const octets = made.get(encoding) ?? encode(text, encoding);
    made.set(encoding, octets);
    return answer(200, await octets, encoding === 'identity' ? all : { ...all, 'Content-Encoding': encoding });
  };
}

/** A proxy that compresses marks the tag as weak, and the comparison that RFC 9110 asks for here is the weak one. */
function isNamed(etag: string, ifNoneMatch = ''): boolean {
  return ifNoneMatch.split(',').some((each) => ['*', etag, `W/${etag}`].includes(each.trim()));
}
