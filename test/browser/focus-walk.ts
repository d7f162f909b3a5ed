import type { Page } from 'puppeteer-core';

/** Whatever Tab stops at: of radio buttons of one name, one. */
const STOPS = `[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')].filter((one) => {
  if (!one.checkVisibility() || one.disabled || one.type === 'hidden') return false;
  if (one.type !== 'radio') return true;
  const group = [...document.getElementsByName(one.name)];
  return one === (group.find((each) => each.checked) ?? group[0]);
})`;

/** Keeps what the focus comes to, and whether that shows; nothing is pressed yet. */
const BEGIN = `(() => {
  const stops = ${STOPS};
  window.walked = [];
  addEventListener('focusin', ({ target }) => {
    if (walked.at(-1)?.at === stops.indexOf(target)) return;
    const { outlineStyle, outlineWidth } = getComputedStyle(target);
    const isVisible = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    walked.push({ at: stops.indexOf(target), isVisible, is: target.outerHTML.slice(0, 100) });
  });
  return stops.length;
})()`;

/** Where what is seen is in another order than what is read: by style, or by a number. */
const MOVED = `[...document.querySelectorAll('body *')].filter((one) => {
  const { order, flexDirection } = getComputedStyle(one);
  return order !== '0' || flexDirection.includes('reverse') || one.tabIndex > 0;
}).map((one) => one.outerHTML.slice(0, 100))`;

/** A field for a date has a stop for each part of it. */
const STOPS_OF_A_DATE = 8;

type Stop = { readonly at: number; readonly isVisible: boolean; readonly is: string };
type Walk = {
  readonly stops: number;
  /** Where Tab came to, once round. */
  readonly walked: readonly Stop[];
  readonly moved: readonly string[];
};

/** Presses Tab from where the focus is on a page that was just opened until it has been everywhere, or longer than that can take. */
export async function walkFocus(page: Page): Promise<Walk> {
  const stops = Number(await page.evaluate(BEGIN));
  const dates = (await page.$$('input[type=datetime-local], input[type=time]')).length;
  let walked: readonly Stop[] = [];
  // Behind the last stop there may be one that is the browser's own.
  const most = stops + dates * STOPS_OF_A_DATE + 2;
  for (let presses = 1; presses <= most && walked.length < stops; presses += 1) {
    await page.keyboard.press('Tab');
    if (presses >= stops) walked = (await page.evaluate('walked')) as readonly Stop[];
  }
  return { stops, walked: walked.slice(0, stops), moved: (await page.evaluate(MOVED)) as readonly string[] };
}

/** Presses Tab until the focus is on what the selector names, as somebody does who has no mouse. */
export async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 200; presses += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) === true`)) return;
  }
  throw new Error(`Tab never comes to ${selector}`);
}
