import type { ConsoleMessage, Page } from 'puppeteer-core';
import { describe, it } from 'vitest';
import { findChromium, NO_CHROMIUM } from '../../scripts/chromium.ts';

/** Declares the suite where a Chromium is to be had; else one skipped test says what is missing. Never skips on CI. */
export function describeWithChromium(name: string, declare: () => void): void {
  if (findChromium() !== null || process.env.CI === 'true') describe(name, declare);
  else describe(name, () => it.skip(`skipped: ${NO_CHROMIUM}`));
}

/** What went wrong on a page, as its console has it: errors of scripts, refused loads, breaches of its policy. */
export function troubleOn(page: Page): readonly string[] {
  const trouble: string[] = [];
  page.on('pageerror', (error) => trouble.push(String(error)));
  page.on('console', (message: ConsoleMessage) => {
    if (message.type() === 'error' || message.type() === 'warn') trouble.push(message.text());
  });
  return trouble;
}
