import { z } from '@hono/zod-openapi';
import { defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { fileAnswerer, fileAnswers, fileHeaders, type StaticFile } from '../kit/static-files.ts';

const SDK_PATH = '/sdk';

/** The files of the SDK as the API's description names them. */
const DESCRIPTIONS: Readonly<Record<string, { readonly operationId: string; readonly summary: string }>> = {
  'bellhop.js': { operationId: 'getSdk', summary: 'The browser SDK, an ES module' },
  'bellhop-sw.js': { operationId: 'getSdkWorker', summary: 'The service worker of the SDK' },
  'preferences.js': {
    operationId: 'getSdkPreferences',
    summary: 'Wishes of the person, and a form for them, an ES module',
  },
  'preferences.d.ts': { operationId: 'getSdkPreferencesTypes', summary: 'The types of that module, for TypeScript' },
  'bellhop.d.ts': { operationId: 'getSdkTypes', summary: 'The types of the SDK, for TypeScript' },
};

const HEADERS = {
  // Any page may load the SDK, also one that isolates itself (COEP).
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  // Asked for anew each time, answered with 304: an update of Bellhop reaches pages at their next load.
  'Cache-Control': 'no-cache',
  // Lets the worker look after the whole site, not only /sdk/.
  'Service-Worker-Allowed': '/',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** What pages load from Bellhop. No credentials: the files are the same for everybody. */
export function addSdkRoutes(router: Router, files: readonly StaticFile[]): void {
  for (const file of files) {
    const answerWithFile = fileAnswerer(file, HEADERS);
    router.add(routeOf(file), ({ headers }) => answerWithFile(headers));
  }
}

function routeOf({ name, mediaType }: StaticFile) {
  const description = DESCRIPTIONS[name];
  if (description === undefined) throw new Error(`the SDK’s file ${name} is not described`);
  return defineRoute({
    method: 'get',
    path: `${SDK_PATH}/${name}`,
    ...description,
    tag: 'Browser SDK',
    access: 'open',
    headers: fileHeaders,
    answers: fileAnswers(z.string(), mediaType),
    errors: [],
  });
}
