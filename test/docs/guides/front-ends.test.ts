import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'puppeteer-core';
import { rolldown } from 'rolldown';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { launchChromium } from '../../../scripts/chromium.ts';
import { type ServiceProcess, startServiceProcess } from '../../../scripts/service-process.ts';
import { signedClient } from '../../../scripts/signed-client.ts';
import { describeWithChromium, troubleOn } from '../../browser/chromium.ts';
import { until } from '../../support/until.ts';
import { codeUnder } from '../markdown-code.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CLIENT = join(ROOT, 'dist', 'client', 'client.js');
const ADDRESS = 'https://push.example.com';

/** Every block of the page names its file in a comment on its first line. */
const FILES: ReadonlyMap<string, string> = new Map(
  ['## Plain pages', '## React', '## Next', '## Vue'].flatMap((heading) =>
    codeUnder('guides/front-ends.md', heading).map(({ code }) => {
      const path = /^(?:\/\/|<!--) (\S+)/.exec(code)?.[1];
      if (path === undefined) throw new Error(`a block under ${heading} does not name its file`);
      return [path, code] as const;
    }),
  ),
);

let folder: string;
const put = (path: string, text: string): void => {
  mkdirSync(join(folder, dirname(path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};
const fileOf = (path: string): string => FILES.get(path) ?? '';

/** Bundles a file of the folder as a site would, with this in the place of packages. */
async function bundle(path: string, alias: Record<string, string> = {}): Promise<string> {
  const build = await rolldown({ input: join(folder, path), resolve: { alias }, logLevel: 'silent' });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  return output[0].code;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellhop-front-ends-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

// React, Vue and Next are not installed: components are compiled against the few types that they use and never shown, and the
// template of Vue’s is not compiled at all.
describe('the code of docs/guides/front-ends.md', () => {
  it('compiles with the SDK’s own types, in strict mode', async () => {
    for (const [path, code] of FILES) if (/\.tsx?$/.test(path)) put(path, code);
    const script = /<script setup lang="ts">\n(.*?)<\/script>/s.exec(fileOf('src/PushButton.vue'))?.[1] ?? '';
    expect(script).toContain('onMounted');
    put('src/push-button-of-vue.ts', script);
    put('auth.ts', 'export declare function auth(): Promise<{ user?: { id?: string } } | null>;');
    copyFileSync(join(ROOT, 'dist', 'sdk', 'bellhop.d.ts'), join(folder, 'src', 'bellhop.d.ts'));
    copyFileSync(fileURLToPath(new URL('frameworks.d.ts', import.meta.url)), join(folder, 'frameworks.d.ts'));
    const compilerOptions = {
      ...{ strict: true, noEmit: true, target: 'es2022', lib: ['es2022', 'dom'], module: 'esnext', jsx: 'preserve' },
      ...{ moduleResolution: 'bundler', types: ['node'], typeRoots: [join(ROOT, 'node_modules', '@types')] },
      paths: { 'bellhop-client': [CLIENT.replace(/js$/, 'd.ts')] },
    };
    put('tsconfig.json', JSON.stringify({ compilerOptions, include: ['**/*.ts', '**/*.tsx'] }));
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = await promisify(execFile)(process.execPath, [compiler, '-p', folder]).catch((error) => error);
    expect(stdout).toBe('');
  });

  it('is bundled with the SDK left where it is', async () => {
    put('src/push.ts', fileOf('src/push.ts'));
    expect(await bundle('src/push.ts')).toContain(`${ADDRESS}/sdk/bellhop.js`);
    put('src/PushButton.tsx', fileOf('src/PushButton.tsx'));
    const calls = ['useState', 'useEffect', 'jsx', 'jsxs'].map(
      (name) => `${name} = (...all) => globalThis.${name}(all)`,
    );
    put('react.js', `export const ${calls.join(', ')};`);
    const react = join(folder, 'react.js');
    expect(await bundle('src/PushButton.tsx', { 'react/jsx-runtime': react, react })).toContain('push-token');
  });

  it('gives the token of Next’s route to who is signed in alone', async () => {
    put('app/push-token/route.ts', fileOf('app/push-token/route.ts'));
    put('auth.ts', 'export const auth = async () => globalThis.session;');
    put('route.mjs', await bundle('app/push-token/route.ts', { 'bellhop-client': CLIENT }));
    const route = (await import(pathToFileURL(join(folder, 'route.mjs')).href)) as { GET(): Promise<Response> };
    vi.stubEnv('BELLHOP', 'http://127.0.0.1:8080');
    vi.stubEnv('SECRET', 'a-secret-of-thirty-two-characters');
    vi.stubGlobal('session', null);
    expect((await route.GET()).status).toBe(401);
    vi.stubGlobal('session', { user: { id: 'ada' } });
    const answer = await route.GET();
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const claims = (await answer.text()).split('.')[1] ?? '';
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ sub: 'ada', aud: 'bellhop' });
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });
});

describeWithChromium('the pages of docs/guides/front-ends.md, in a real Chromium', () => {
  let site: Server;
  let service: ServiceProcess;
  let browser: Browser;
  let answers: Record<string, readonly [type: string, text: string]>;
  beforeEach(async () => {
    answers = {};
    site = createServer(({ url = '' }, response) => {
      const [type, text] = answers[url] ?? ['text/plain', ''];
      response.writeHead(answers[url] === undefined ? 404 : 200, { 'Content-Type': type }).end(text);
    });
    await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening));
    service = await startServiceProcess({ folder, environment: { CORS_ALLOWED_ORIGINS: originOf() } });
    browser = await launchChromium();
    const call = signedClient(service.address, service.secret);
    const { body } = await call('POST', '/v1/subscriber-tokens', { body: { user_id: 'ada' } });
    answers['/push-token'] = ['text/plain', String(body.token)];
    answers['/favicon.ico'] = ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"/>'];
    answers['/bellhop-sw.js'] = ['text/javascript', here(fileOf('bellhop-sw.js'))];
  });
  afterEach(async () => {
    await browser?.close();
    await service?.stop('SIGKILL');
    site.closeAllConnections();
    await new Promise((closed) => site.close(closed));
  });
  const originOf = (): string => `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  const here = (code: string): string => code.replaceAll(ADDRESS, service.address);
  const open = async (html: string) => {
    answers['/'] = ['text/html; charset=utf-8', `<!doctype html><title>Shop</title>${html}`];
    await browser.defaultBrowserContext().overridePermissions(originOf(), ['notifications']);
    const page = await browser.newPage();
    const trouble = troubleOn(page);
    await page.goto(originOf());
    return { page, trouble };
  };

  it('plain: the button waits for a click, which installs the worker', async () => {
    const { page, trouble } = await open(here(fileOf('layout.html')));
    const is = (expression: string) => async () => (await page.evaluate(expression)) === true;
    await until('the button can be clicked', is('document.querySelector("#notify").onclick !== null'));
    expect(trouble).toEqual([]);
    await page.click('#notify');
    // It gets no further: Chromium's push service is on the internet.
    const worker = 'navigator.serviceWorker.getRegistration().then((one) => one?.active?.scriptURL';
    await until('the worker is active', is(`${worker} === '${originOf()}/bellhop-sw.js')`));
  });

  it('bundled: one SDK for the page, however often it is asked for', async () => {
    put('src/push.ts', here(fileOf('src/push.ts')));
    answers['/app.js'] = ['text/javascript', await bundle('src/push.ts')];
    const { page, trouble } = await open('');
    const status = await page.evaluate(`import('/app.js').then(async ({ push }) => {
      const [one, other] = await Promise.all([push(), push()]);
      return { isOne: one === other, state: (await one.status()).state };
    })`);
    expect(status).toEqual({ isOne: true, state: 'unsubscribed' });
    expect(trouble).toEqual([]);
  });
});
