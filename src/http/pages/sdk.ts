import { createHash } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { answer, defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';

/** The text of each file under /sdk/. */
export type SdkFiles = { readonly [Name in keyof typeof FILES]: string };

const SCRIPT = 'text/javascript; charset=utf-8';

const FILES = {
  'bellhop.js': { mediaType: SCRIPT, operationId: 'getSdk', summary: 'The browser SDK, an ES module' },
  'bellhop-sw.js': { mediaType: SCRIPT, operationId: 'getSdkWorker', summary: 'The service worker of the SDK' },
  'bellhop.d.ts': {
    mediaType: 'text/plain; charset=utf-8',
    operationId: 'getSdkTypes',
    summary: 'The types of the SDK, for TypeScript',
  },
} as const;

const HEADERS = {
  // Any page may load it, also one that isolates itself (COEP).
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  // Asked for anew each time, answered with 304: an update of Bellhop reaches pages at their next load.
  'Cache-Control': 'no-cache',
  // Lets the worker look after the whole site, not only /sdk/.
  'Service-Worker-Allowed': '/',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** What pages load from Bellhop. No credentials: it is the same for everybody. */
export function addSdkRoutes(router: Router, sdk: SdkFiles): void {
  for (const [name, file] of Object.entries(FILES)) {
    const text = sdk[name as keyof SdkFiles];
    const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
    router.add(routeOf(name, file), async ({ headers }) =>
      isNamed(etag, headers['if-none-match'])
        ? answer(304, null, { ...HEADERS, ETag: etag })
        : answer(200, text, { ...HEADERS, ETag: etag }),
    );
  }
}

function routeOf(name: string, { mediaType, operationId, summary }: (typeof FILES)[keyof typeof FILES]) {
  return defineRoute({
    method: 'get',
    path: `/sdk/${name}`,
    operationId,
    tag: 'Browser SDK',
    summary,
    access: 'open',
    headers: z.object({ 'if-none-match': z.string().optional() }),
    answers: {
      200: { description: 'The file.', body: z.string(), mediaType, headers: { ETag: 'Of this version.' } },
      304: { description: 'The version that `If-None-Match` names.', body: null },
    },
    errors: ['invalid_request'],
  });
}

/** A proxy that compresses marks the tag as weak; the weak comparison is the one that is asked for (RFC 9110 13.1.2). */
function isNamed(etag: string, ifNoneMatch = ''): boolean {
  return ifNoneMatch.split(',').some((each) => ['*', etag, `W/${etag}`].includes(each.trim()));
}
