import { mkdirSync, writeFileSync } from 'node:fs';
import type { Page } from 'puppeteer-core';
import { expect } from 'vitest';
import { violations } from './axe-violations.ts';

/** Pictures of this run, for people to look at: git ignores them. */
const PICTURES = new URL('../../node_modules/.cache/console-pictures/', import.meta.url);

/** `scheme`: null leaves it to the browser, where it cannot be told. */
export type Look = {
  readonly device: 'desktop' | 'phone';
  readonly width: number;
  readonly scheme: 'light' | 'dark' | null;
};

const DESKTOP = { device: 'desktop', width: 1280 } as const;
const PHONE = { device: 'phone', width: 390 } as const;

/** A page is opened once and looked at in each: what changes is its style alone. */
export const FOUR_LOOKS: readonly Look[] = [
  { ...DESKTOP, scheme: 'light' },
  { ...DESKTOP, scheme: 'dark' },
  { ...PHONE, scheme: 'dark' },
  { ...PHONE, scheme: 'light' },
];
/** One of each. */
export const TWO_LOOKS: readonly Look[] = [
  { ...DESKTOP, scheme: 'light' },
  { ...PHONE, scheme: 'dark' },
];
/** For a browser that cannot be told the scheme. */
export const BOTH_DEVICES: readonly Look[] = [
  { ...DESKTOP, scheme: null },
  { ...PHONE, scheme: null },
];

/** What pictures of the page are called by. */
export function nameOf(at: string): string {
  return at.replaceAll(/[^a-z]+/g, ' ').slice(0, 24);
}

/** Whether the menu shows the entry of this page. */
const IS_MENU_IN_VIEW = `(() => {
  const box = document.querySelector('nav [aria-current]')?.getBoundingClientRect();
  return box === undefined || (box.left >= 0 && box.right <= innerWidth);
})()`;

/** Nothing is wider than the screen, but what scrolls by itself; and that is no table of words on a phone. */
const FITS = `(() => {
  const stacked = innerWidth > 640 ? [] : [...document.querySelectorAll('.scroll:has(.stacks)')];
  return [document.documentElement, ...stacked].every(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth);
})()`;

/** Looks at the page that is open: axe finds nothing, all of it is in view, and nobody's text did anything. */
export async function lookAt(page: Page, name: string, looks: readonly Look[] = FOUR_LOOKS): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  let drawnAt = 0;
  for (const { device, width, scheme } of looks) {
    const look = `${name} ${device} ${scheme ?? ''}`.trim();
    if (scheme !== null) await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    if (width !== drawnAt) await page.setViewport({ width, height: 844 });
    expect(await violations(page, width === drawnAt ? 'contrast' : 'all'), look).toEqual([]);
    drawnAt = width;
    expect([look, await page.evaluate(FITS), await page.evaluate(IS_MENU_IN_VIEW)]).toEqual([look, true, true]);
    expect([look, await page.title()]).not.toEqual([look, 'harmed']);
    const picture = await page.screenshot({ fullPage: true });
    writeFileSync(new URL(`${look.replaceAll(/[^A-Za-z0-9]+/g, '-')}.png`, PICTURES), picture);
  }
}
