import type { Browser, HTTPRequest, Page } from 'puppeteer-core';
import { readStaticFiles } from '../../src/http/kit/static-files.ts';
import { ACCEPTED, ANSWER_MS, PREFERENCES, SDK, SHOWN_MS, STREAM } from './story.ts';

const ORIGIN = 'http://localhost:8080';
const PAGES = new URL('../../src/pages/', import.meta.url);

/** In CSS pixels; the picture has more, for sharp screens. */
const SIZE = { width: 1080, height: 928 };
const SCALE = 1.25;

/** Of the picture, in pixels. */
export const PICTURE = { width: SIZE.width * SCALE, height: SIZE.height * SCALE, path: 'docs/demo.webp' };

/** The demo page with a story told to its end, as a WebP. The page is the real one; what it hears is in `story.ts`. */
export async function drawDemoPage(browser: Browser): Promise<Uint8Array> {
  const page = await browser.newPage();
  await page.setViewport({ ...SIZE, deviceScaleFactor: SCALE });
  await page.emulateTimezone('UTC');
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: 'light' },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ]);
  // The page asks when it sends, when it is answered, and when the push is shown.
  await page.evaluateOnNewDocument(
    `{ const times = [0, ${ANSWER_MS}, ${ANSWER_MS + SHOWN_MS}]; performance.now = () => times.shift() ?? 0; }`,
  );
  await answerFromHere(page);
  await page.goto(`${ORIGIN}/demo`);
  await page.waitForFunction(`document.querySelector('#status').dataset.tone === 'good'`);
  await page.click('#send-button');
  await page.waitForFunction(`document.querySelectorAll('.step').length > 5`);
  await page.evaluate(`window.show(); document.activeElement.blur()`);
  await page.mouse.move(0, 0);
  await page.waitForFunction(`document.querySelector('.outcome').textContent === 'Shown'`);
  await page.evaluate('Promise.all(document.getAnimations().map((each) => each.finished))');
  const picture = await page.screenshot({ type: 'webp', quality: 58 });
  await page.close();
  return picture;
}

async function answerFromHere(page: Page): Promise<void> {
  const files = new Map(
    [...readStaticFiles(PAGES), ...readStaticFiles(new URL('demo/', PAGES))].map(({ name, text, mediaType }) => [
      name === 'demo.html' ? '/demo' : `/demo/${name}`,
      { contentType: mediaType, body: text },
    ]),
  );
  files.set('/sdk/bellhop.js', { contentType: 'text/javascript', body: SDK });
  files.set('/sdk/preferences.js', { contentType: 'text/javascript', body: PREFERENCES });
  files.set('/demo/notifications', { contentType: 'application/json', body: JSON.stringify(ACCEPTED) });
  files.set(`/demo/notifications/${ACCEPTED.id}/events`, { contentType: 'text/event-stream', body: STREAM });
  await page.setRequestInterception(true);
  page.on('request', (request: HTTPRequest) => {
    const file = files.get(new URL(request.url()).pathname);
    void request.respond(file ?? { status: 404, body: '' });
  });
}
