import type { Browser } from 'puppeteer-core';
import { until } from '../support/until.ts';

type Context = { readonly context: string; readonly url: string };
type Connection = { send(method: string, params: object): Promise<{ readonly result: Record<string, unknown> }> };

/**
 * Runs an expression in Firefox's own window, where tests find what belongs to no page: notifications, prompts and
 * permissions. Needs --remote-allow-system-access. What it gives is a string.
 */
async function inFirefox(browser: Browser, expression: string): Promise<string> {
  // Puppeteer has no public way to Firefox's additions to WebDriver BiDi.
  const { connection } = browser as unknown as { connection: Connection };
  const tree = await connection.send('browsingContext.getTree', { 'moz:scope': 'chrome' });
  const window = (tree.result.contexts as Context[]).find(({ url }) => url.endsWith('/browser.xhtml'));
  if (window === undefined) throw new Error('Firefox shows no window');
  const { result } = await connection.send('script.evaluate', {
    expression,
    target: { context: window.context },
    awaitPromise: true,
  });
  if (result.type !== 'success') throw new Error(JSON.stringify(result.exceptionDetails));
  return String((result.result as { value?: unknown }).value);
}

/** Clicks the notification with this title, as it is on the screen. */
export async function clickNotification(browser: Browser, title: string): Promise<void> {
  const click = `(() => {
    const windows = [...Services.wm.getEnumerator('alert:alert')];
    const titled = windows.find(({ document }) => document.getElementById('alertTitleLabel')?.value === ${JSON.stringify(title)});
    titled?.document.getElementById('alertBox').click();
    return String(titled !== undefined);
  })()`;
  await until(`a notification “${title}” is on the screen`, async () => (await inFirefox(browser, click)) === 'true');
}

/** As in the settings of the site. `prompt` asks anew. */
export async function setNotificationPermission(
  browser: Browser,
  origin: string,
  permission: 'allow' | 'deny' | 'prompt',
): Promise<void> {
  await inFirefox(
    browser,
    `Services.perms.addFromPrincipal(
      Services.scriptSecurityManager.createContentPrincipalFromOrigin('${origin}'),
      'desktop-notification',
      Services.perms.${permission.toUpperCase()}_ACTION,
    )`,
  );
}

/** Answers the question whether this site may send notifications, once it is on the screen. */
export async function answerPrompt(browser: Browser, answer: 'allow' | 'block'): Promise<void> {
  const press = `(() => {
    const prompt = PopupNotifications.getNotification('web-notifications', gBrowser.selectedBrowser);
    const panel = PopupNotifications.panel.firstElementChild;
    if (!prompt || !panel) return 'false';
    panel.${answer === 'allow' ? 'button' : 'secondaryButton'}.click();
    return 'true';
  })()`;
  await until('the question is on the screen', async () => (await inFirefox(browser, press)) === 'true');
}
