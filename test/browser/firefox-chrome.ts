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
  await atNotification(browser, title, `window.document.getElementById('alertBox').click()`);
}

/** Closes it by its button. */
export async function closeNotification(browser: Browser, title: string): Promise<void> {
  await atNotification(browser, title, `window.document.getElementById('alert-close').click()`);
}

/** Presses a button of the notification, as the desktop tells Firefox: its own windows show none. */
export async function pressAction(browser: Browser, title: string, action: string): Promise<void> {
  const pressed = `{ QueryInterface: ChromeUtils.generateQI(['nsIAlertAction']), action: ${JSON.stringify(action)}, title: '' }`;
  const told = `window.eval('gAlertListener').observe(${pressed}, 'alertclickcallback', window.eval('gAlertCookie')); window.close()`;
  await atNotification(browser, title, told);
}

/** Ends the worker of the site, as Firefox does with one that has nothing to do. Its next event starts it anew. */
export async function endWorker(browser: Browser, origin: string): Promise<void> {
  const end = `(async () => {
    const manager = Cc['@mozilla.org/serviceworkers/manager;1'].getService(Ci.nsIServiceWorkerManager);
    const all = manager.getAllRegistrations();
    for (let index = 0; index < all.length; index += 1) {
      const each = all.queryElementAt(index, Ci.nsIServiceWorkerRegistrationInfo);
      if (each.scope.startsWith('${origin}')) await each.activeWorker.terminateWorker();
    }
    return 'ended';
  })()`;
  await inFirefox(browser, end);
}

/** Does it in the window of the notification with this title, once that is on the screen. */
async function atNotification(browser: Browser, title: string, work: string): Promise<void> {
  const there = `(() => {
    const windows = [...Services.wm.getEnumerator('alert:alert')];
    const window = windows.find(({ document }) => document.getElementById('alertTitleLabel')?.value === ${JSON.stringify(title)});
    if (window !== undefined) { ${work}; }
    return String(window !== undefined);
  })()`;
  await until(`a notification “${title}” is on the screen`, async () => (await inFirefox(browser, there)) === 'true');
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
