import axe from 'axe-core';
import type { Page } from 'puppeteer-core';

type Violation = {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
};

/** `contrast`: what of it a change of colours alone can bring about. */
type Rules = 'all' | 'contrast';

const OPTIONS: Readonly<Record<Rules, object>> = {
  all: { resultTypes: ['violations'] },
  contrast: { resultTypes: ['violations'], runOnly: ['color-contrast', 'link-in-text-block'] },
};

/** What axe finds on the page as it stands. */
export async function violations(page: Page, rules: Rules = 'all'): Promise<readonly string[]> {
  // To hand it over takes longer than what it does.
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source);
  const { violations: found } = (await page.evaluate(`axe.run(${JSON.stringify(OPTIONS[rules])})`)) as {
    violations: readonly Violation[];
  };
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}
