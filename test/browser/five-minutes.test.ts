import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { until } from '../support/until.ts';
import { describeWithFirefox } from './firefox.ts';
import { type Stage, setStage } from './stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const page = readFileSync(new URL('../../docs/browser.md', import.meta.url), 'utf8');

/** The code that follows the first mention of a file. */
function fileOf(name: string): string {
  const code = /```\w+\n(.*?)```/s.exec(page.slice(page.indexOf(`\`${name}\``)))?.[1];
  if (code === undefined) throw new Error(`docs/browser.md has no ${name}`);
  return code;
}

describeWithFirefox('the five minutes of docs/browser.md, in a real Firefox', () => {
  let stage: Stage;
  let backEnd: ChildProcess;
  let port: number;
  beforeEach(async () => {
    port = await freePort();
    stage = await setStage([`http://127.0.0.1:${port}`]);
    for (const name of ['index.html', 'bellhop-sw.js', 'server.mjs']) {
      const text = fileOf(name).replaceAll('http://127.0.0.1:8080', stage.site.state.bellhop);
      writeFileSync(join(stage.folder, name), text.replace('3000', String(port)));
    }
    backEnd = spawn(process.execPath, ['server.mjs'], { cwd: stage.folder, stdio: 'inherit' });
    await until('the back end listens', () =>
      fetch(`http://127.0.0.1:${port}`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  });
  afterEach(async () => {
    backEnd?.kill('SIGKILL');
    await stage?.strike();
  });

  it('end with a push', async () => {
    const tab = await stage.browser.newPage();
    await tab.goto(`http://127.0.0.1:${port}`);
    const state = () => tab.evaluate('document.querySelector("#state").textContent');
    await until('the page tells its state', async () => (await state()) === 'unsubscribed');
    await tab.click('#notify');
    await until('the browser is subscribed', async () => (await state()) === 'subscribed');
    const id = await stage.notify({ title: 'Hello from Bellhop', url: '/' });
    expect(await stage.deliveryOf(id)).toMatchObject({ state: 'delivered' });
    const shown = `navigator.serviceWorker.ready.then((registration) => registration.getNotifications())
      .then((all) => all.map(({ title }) => title))`;
    await until('it is shown', async () => ((await tab.evaluate(shown)) as string[]).includes('Hello from Bellhop'));
  });
});

/** The site's origin has to be in Bellhop's settings before either of them runs. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
