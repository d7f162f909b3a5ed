import { createHash } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { defineRoute } from '../kit/route.ts';
import type { Router } from '../kit/router.ts';
import { fileAnswerer, fileAnswers, fileHeaders, staticFile } from '../kit/static-files.ts';
import { PAGE_HEADERS } from './page-headers.ts';

export type StartPageOptions = {
  readonly version: string;
  readonly servesApi: boolean;
  readonly hasDemo: boolean;
};

type Entry = readonly [path: string, about: string];

const STYLE =
  ':root{color-scheme:light dark}' +
  'body{max-width:34rem;margin:12vh auto;padding:0 1.25rem;font:1rem/1.55 system-ui,sans-serif}' +
  'h1{margin:0;font:600 2rem/1.2 ui-serif,Georgia,serif}small{font:400 .9rem system-ui;opacity:.7}' +
  'li{margin:.35rem 0}';

/** As the policy names an inline style (CSP level 3, section 2.3.1): the page loads nothing. */
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const HEADERS = {
  ...PAGE_HEADERS,
  'Content-Security-Policy':
    `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; ` +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  // Asked for anew each time, answered with 304: it changes with an update or a setting.
  'Cache-Control': 'no-cache',
} as const;

const DEMO: Entry = ['demo', 'subscribe this browser, send to it, and watch each step'];
const OF_API: readonly Entry[] = [
  ['openapi.json', 'every route, for tools'],
  ['sdk/bellhop.js', 'what pages load to subscribe a browser'],
];
const OF_EACH: readonly Entry[] = [
  ['healthz', 'whether this process is alive, and its version'],
  ['readyz', 'whether it can take requests now'],
];

const startPageRoute = defineRoute({
  method: 'get',
  path: '/',
  operationId: 'getStartPage',
  tag: 'Documentation',
  summary: 'A page that says what this is and where to go on',
  access: 'open',
  headers: fileHeaders,
  answers: fileAnswers(z.string(), 'text/html; charset=utf-8'),
  errors: [],
});

/** The page for a person who opens the service’s address. No credentials: it names paths that are open, and no setting. */
export function addStartPageRoute(router: Router, options: StartPageOptions): void {
  const answerWithFile = fileAnswerer(staticFile('index.html', pageOf(options)), HEADERS);
  router.add(startPageRoute, ({ headers }) => answerWithFile(headers));
}

function pageOf({ version, servesApi, hasDemo }: StartPageOptions): string {
  const entries = [...(servesApi && hasDemo ? [DEMO] : []), ...(servesApi ? OF_API : []), ...OF_EACH];
  const what = servesApi
    ? 'Web Push for this site. Back ends call it, pages load its script, and nobody needs to look here.'
    : 'Web Push. This process only sends (<code>ROLES=worker</code>): the API is served by another one.';
  // No path begins with a slash: a proxy may serve all of this below a path of its own.
  const links = entries.map(([path, about]) => `<li><a href="${path}">${path}</a>: ${about}</li>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>Bellhop</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
<h1>Bellhop <small>${version}</small></h1>
<p>${what}</p>
<ul>
${links.join('\n')}
</ul>
<p>The guides are in the folder <code>docs/</code> of its source; <code>README.md</code> leads to them.</p>
</html>
`;
}
