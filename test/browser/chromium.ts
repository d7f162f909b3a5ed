import { spawnSync } from 'node:child_process';
import puppeteer, { type Browser, type ConsoleMessage, type Page } from 'puppeteer-core';
import { describe, it } from 'vitest';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Declares the suite where a Chromium is to be had; else one skipped test says what is missing. Never skips on CI. */
export function describeWithChromium(name: string, declare: () => void): void {
  if (findChromium() !== null || process.env.CI === 'true') describe(name, declare);
  else describe(name, () => it.skip(`skipped: there is no ${NAMES.join(' or ')} on PATH`));
}

function findChromium(): string | null {
  for (const name of NAMES) {
    const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return null;
}

/** A Chromium with a profile of its own. It cannot subscribe here: its push service is on the internet. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error(`there is no ${NAMES.join(' or ')} on PATH`);
  // Root may not use the sandbox, and tests open no page but their own.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return puppeteer.launch({ executablePath, headless: true, args });
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
