import { readFileSync } from 'node:fs';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium } from '../../scripts/chromium.ts';
import { CONSOLE_PICTURES } from '../../scripts/picture/console-pictures.ts';
import { drawDemoPage, PICTURE } from '../../scripts/picture/picture.ts';
import { describeWithChromium } from '../browser/chromium.ts';

const read = (path: string): Buffer => readFileSync(new URL(`../../${path}`, import.meta.url));
/** A picture is compared as this many dots a side: fonts differ between machines. */
const DOTS = 6;
/** Other fonts were seen to make 10, a page without its story 15. */
const MOST_APART = 12;

/** What a browser makes of two pictures: their sizes, and how far the dots are apart, of 255, that differ most. */
const COMPARE = `async (...pictures) => {
  const seen = await Promise.all(pictures.map(async (picture) => {
    const image = new Image();
    image.src = 'data:image/webp;base64,' + picture;
    await image.decode();
    const canvas = new OffscreenCanvas(${DOTS}, ${DOTS}).getContext('2d');
    canvas.imageSmoothingQuality = 'high';
    canvas.drawImage(image, 0, 0, ${DOTS}, ${DOTS});
    return { size: [image.naturalWidth, image.naturalHeight], dots: canvas.getImageData(0, 0, ${DOTS}, ${DOTS}).data };
  }));
  const [one, other] = seen.map(({ dots }) => [...dots]);
  const apart = Math.max(...one.map((part, index) => Math.abs(part - other[index])));
  return { sizes: seen.map(({ size }) => size), apart };
}`;

describe('the pictures of the console', () => {
  it('are small, and docs/console.md shows each', () => {
    const page = read('docs/console.md').toString();
    for (const { path } of CONSOLE_PICTURES) {
      expect(read(path).byteLength, path).toBeLessThan(60_000);
      expect(page).toContain(`](${path.slice('docs/'.length)})`);
    }
    expect(read('README.md').toString()).toMatch(/!\[[^\]]{20,}\]\(docs\/console-delivery\.webp\)/);
  });
});

describe('the picture of the demo page', () => {
  it('is small, and README.md shows it', () => {
    expect(read(PICTURE.path).byteLength).toBeLessThan(60_000);
    expect(read('README.md').toString()).toMatch(/!\[[^\]]{20,}\]\(docs\/demo\.webp\)/);
  });
});

describeWithChromium('the picture of the demo page, drawn anew', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  }, 30_000);
  afterAll(() => browser?.close());

  it('looks as the one that is kept (else: npm run picture)', async () => {
    const pictures = [read(PICTURE.path), Buffer.from(await drawDemoPage(browser))];
    const page = await browser.newPage();
    const args = pictures.map((picture) => `'${picture.toString('base64')}'`).join();
    const { sizes, apart } = (await page.evaluate(`(${COMPARE})(${args})`)) as { sizes: number[][]; apart: number };
    expect(sizes).toEqual([
      [PICTURE.width, PICTURE.height],
      [PICTURE.width, PICTURE.height],
    ]);
    expect(apart).toBeLessThan(MOST_APART);
  }, 60_000);
});
