import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A notification as the worker had it shown. */
export type Shown = {
  readonly title: string;
  readonly options: { readonly [Name in string]: unknown } & { readonly data: { readonly bellhop: object } };
};

export type Site = Awaited<ReturnType<typeof startSite>>;

/** A page as docs/browser.md has it, and a hook for the test. More options are JavaScript. */
const page = (bellhop: string, moreOptions = ''): string => `<!doctype html>
<meta charset="utf-8">
<title>Shop</title>
<button id="subscribe">Notify me</button>
<script type="module" nonce="once">
  import { createBellhop } from '${bellhop}/sdk/bellhop.js';
  const bellhop = createBellhop({ token: async () => (await fetch('/token')).text(), ${moreOptions} });
  const messages = [];
  bellhop.onMessage((message) => messages.push(message));
  const subscribe = () => {
    window.subscribed = bellhop.subscribe().catch((error) => ({ code: error.code, message: error.message }));
  };
  document.querySelector('#subscribe').addEventListener('click', subscribe);
  Object.assign(window, { bellhop, messages });
  if (location.pathname.endsWith('/eager')) subscribe();
</script>`;

/** The pages whose worker is not `/bellhop-sw.js`, by how their urls begin, and the one with an earlier SDK. */
function pageAt(url: string, bellhop: string): string {
  const own = ['/strict/', '/late', '/earlier-worker'].find((start) => url.startsWith(start));
  const workers = { '/strict/': '/strict/sw.js', '/late': '/late-sw.js', '/earlier-worker': '/earlier-sw.js' };
  if (own !== undefined) return page(bellhop, `serviceWorkerUrl: '${workers[own as keyof typeof workers]}'`);
  if (url.startsWith('/earlier-page')) return page('/earlier', `url: '${bellhop}'`);
  return page(url.startsWith('/own') ? '' : bellhop);
}

/** A settings page as docs/browser.md has it. A test may put another token in its place. */
const settingsPage = (bellhop: string): string => `<!doctype html>
<meta charset="utf-8">
<title>Settings</title>
<script type="module" nonce="once">
  import { createPreferences, preferencesForm } from '${bellhop}/sdk/preferences.js';
  const token = async () => window.token ?? (await fetch('/token')).text();
  const types = [
    { pattern: 'digest.*', label: 'Digests' },
    { pattern: 'digest.weekly', label: 'The weekly digest' },
    { pattern: 'orders', label: 'My orders' },
    { pattern: 'offers', label: 'Offers', isWantedByDefault: false },
  ];
  document.body.append(preferencesForm(createPreferences({ token }), { types }));
</script>`;

/** What docs/browser.md says that a strict policy has to allow, and the script and back end of the page itself. */
const policy = (bellhop: string): string =>
  `default-src 'none'; script-src 'self' 'unsafe-inline' ${bellhop}; connect-src 'self' ${bellhop}; worker-src 'self'`;

/** What is advised against injected scripts: nonces, and Trusted Types with the policy that docs/browser.md names. */
const strictest = (bellhop: string): string =>
  `script-src 'nonce-once' 'strict-dynamic'; object-src 'none'; base-uri 'none'; worker-src 'self';
  connect-src 'self' ${bellhop}; require-trusted-types-for 'script'; trusted-types bellhop`.replaceAll('\n', '');

/** A worker under Trusted Types, as docs/browser.md has it. */
const strictWorker = (bellhop: string): string => `
const trusted = self.trustedTypes?.createPolicy('bellhop', { createScriptURL: (url) => url });
const url = '${bellhop}/sdk/bellhop-sw.js';
importScripts(trusted ? trusted.createScriptURL(url) : url);
`;

/** The site's own worker: Bellhop's is imported, and what is really shown and focused is told to the test. */
const worker = (bellhop: string): string => `
const show = ServiceWorkerRegistration.prototype.showNotification;
ServiceWorkerRegistration.prototype.showNotification = async function (title, options) {
  await show.call(this, title, options);
  await fetch('/shown', { method: 'POST', body: JSON.stringify({ title, options }) });
};
// As WebKit tells a worker what the browser shows by itself; no other browser has it.
Object.defineProperty(PushEvent.prototype, 'notification', {
  get() { return this.data?.text().includes('as-in-safari') ? { title: 'Declared' } : null; },
});
const focus = WindowClient.prototype.focus;
WindowClient.prototype.focus = async function () {
  const focused = await focus.call(this);
  await fetch('/focused', { method: 'POST', body: this.url });
  return focused;
};
importScripts('${bellhop}/sdk/bellhop-sw.js');
addEventListener('push', (event) => event.waitUntil(fetch('/own-push', { method: 'POST' })));
`;

/** Push code of the site's own, from before Bellhop: it expects another payload, and takes open pages. */
const formerWorker = `
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('push', (event) => event.waitUntil(Promise.all([
  registration.showNotification(String(event.data.json().message)),
  fetch('/own-push', { method: 'POST' }),
])));
`;

/** As the worker of a script that does not look whose place it takes. */
const eagerWorker = `${formerWorker}
addEventListener('install', () => skipWaiting());
`;

/** The web site of somebody who uses Bellhop, with the three lines of back end that a page needs. */
export async function startSite() {
  const requests: string[] = [];
  const shown: Shown[] = [];
  const focused: string[] = [];
  const state = {
    bellhop: '',
    secret: '',
    userId: 'ada',
    /** How many of the next tokens have ended already. */
    endedTokens: 0,
    /** Whether /late-sw.js, a worker of the site's own, has Bellhop's line already. */
    hasLine: false,
    /** What the next calls get instead of Bellhop's answer, where the site passes them on. */
    refusals: [] as { readonly status: number; readonly headers?: Record<string, string> }[],
  };
  const server = createServer((request, response) => void respond(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const body = await text(request);
    requests.push(`${method} ${url}`);
    const isStrict = url.startsWith('/strict/');
    response.setHeader('Content-Security-Policy', (isStrict ? strictest : policy)(state.bellhop));
    if (url === '/shown') shown.push(JSON.parse(body) as Shown);
    if (url === '/focused') focused.push(body);
    if (/^\/(v1|sdk)\//.test(url)) await passOn(state, request, body, response);
    else if (method === 'POST') response.writeHead(204).end();
    else if (url === '/token') response.end(mint(state.userId, state.secret, state.endedTokens-- > 0 ? -1 : 600));
    else if (url === '/bellhop-sw.js') script(response, worker(state.bellhop));
    else if (url === '/former-sw.js') script(response, formerWorker);
    else if (url === '/eager-sw.js') script(response, eagerWorker);
    else if (url === '/late-sw.js') script(response, formerWorker + (state.hasLine ? worker(state.bellhop) : ''));
    else if (url === '/earlier-sw.js') script(response, worker('/earlier'));
    else if (url.startsWith('/earlier/sdk/')) script(response, earlierFile(url.slice('/earlier/sdk/'.length)));
    else if (url === '/strict/sw.js') script(response, strictWorker(state.bellhop));
    else if (url === '/strict/preferences')
      response.setHeader('Content-Type', 'text/html').end(settingsPage(state.bellhop));
    else if (url === '/plain')
      response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Plain</title>');
    else if (url === '/favicon.ico') response.writeHead(404).end();
    else response.setHeader('Content-Type', 'text/html; charset=utf-8').end(pageAt(url, state.bellhop));
  }

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** What every answer depends on; a test changes it. */
    state,
    /** Method and path of each, in the order they came. */
    requests,
    /** What the worker showed, in the order it did. */
    shown,
    /** The url of each page that the worker brought to the front. */
    focused,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** As sites keep a copy of it. */
function earlierFile(name: string): string {
  return readFileSync(new URL(`earlier-sdk/${name}`, import.meta.url), 'utf8');
}

function script(response: ServerResponse, source: string): void {
  response.setHeader('Content-Type', 'text/javascript').end(source);
}

type Passing = { readonly bellhop: string; readonly refusals: { status: number; headers?: Record<string, string> }[] };

/** As a reverse proxy that serves Bellhop under the site's own origin. */
async function passOn(
  { bellhop, refusals }: Passing,
  request: IncomingMessage,
  body: string,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '', headers } = request;
  const given = { authorization: headers.authorization ?? '', 'content-type': headers['content-type'] ?? '' };
  const init = { method, headers: given, ...(body === '' ? {} : { body }) };
  const refusal = url.startsWith('/v1/') ? refusals.shift() : undefined;
  if (refusal !== undefined) return void response.writeHead(refusal.status, refusal.headers).end();
  const answer = await fetch(bellhop + url, init);
  const kept = ['content-type', 'service-worker-allowed', 'etag', 'cache-control'];
  for (const name of kept) if (answer.headers.has(name)) response.setHeader(name, answer.headers.get(name) ?? '');
  response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
}

/** A subscriber token as docs/http.md has back ends make it. */
function mint(userId: string, secret: string, lifeSeconds: number): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const claims = { sub: userId, aud: 'bellhop', exp: Math.floor(Date.now() / 1000) + lifeSeconds };
  const body = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}
