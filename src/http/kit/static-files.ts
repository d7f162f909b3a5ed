import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
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

/** The file; or 304 without it, where `If-None-Match` names this version (RFC 9110 section 13.1.2). */
export function answerWithFile(
  { text, etag }: StaticFile,
  headers: Readonly<Record<string, string>>,
  ifNoneMatch: string | undefined,
) {
  const withTag = { ...headers, ETag: etag };
  return isNamed(etag, ifNoneMatch) ? answer(304, null, withTag) : answer(200, text, withTag);
}

/** A proxy that compresses marks the tag as weak, and the comparison that RFC 9110 asks for here is the weak one. */
function isNamed(etag: string, ifNoneMatch = ''): boolean {
  return ifNoneMatch.split(',').some((each) => ['*', etag, `W/${etag}`].includes(each.trim()));
}
