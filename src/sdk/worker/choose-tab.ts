/** What is done with an open page of the site: it comes to the front, and is led to the target where it shows another one. */
export type Tab = { readonly index: number; readonly isLed: boolean };

/**
 * Which of the open pages a click leads to, the one in use last first; null for a new one. A page counts as open whatever
 * part of it is shown, so hashes are left out. `openIn`: `new_tab` is always a new one, `page_tab` one that has the page
 * already, and anything else any of the site, too. Other sites are never opened in place of this one.
 */
export function chooseTab(urls: readonly string[], target: string | null, openIn: unknown): Tab | null {
  if (openIn === 'new_tab' || urls.length === 0) return null;
  if (target === null) return { index: 0, isLed: false };
  const exact = urls.indexOf(target);
  if (exact >= 0) return { index: exact, isLed: false };
  const index = urls.findIndex((url) => pageOf(url) === pageOf(target));
  if (index >= 0) return { index, isLed: target.includes('#') };
  const site = new URL('/', urls[0]).href;
  return openIn !== 'page_tab' && target.startsWith(site) ? { index: 0, isLed: true } : null;
}

function pageOf(url: string): string {
  return url.replace(/#.*/, '');
}
