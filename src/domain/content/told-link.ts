import { TOKEN_PLACE } from '../receipt/receipt-token.ts';
import type { DeclarativePush } from './declarative-push.ts';

export const CLICK_PATH = '/v1/receipts/click';

/**
 * The form with links that lead by way of this service, which tells of the click: no worker runs for what a browser shows by
 * itself. Only links to the site are led so, since the service sends nobody anywhere else; all others stay as they are.
 */
export function toldByLink(form: DeclarativePush, siteUrl: string, publicUrl: string): DeclarativePush {
  const led = (url: string, action: string): string => {
    if (!leadsToSite(url, siteUrl)) return url;
    const query = new URLSearchParams({ ...(action !== '' && { action }), to: url });
    return `${publicUrl}${CLICK_PATH}?token=${TOKEN_PLACE}&${query}`;
  };
  const { notification } = form;
  return {
    ...form,
    notification: {
      ...notification,
      navigate: led(notification.navigate, ''),
      actions: notification.actions?.map((each) => ({ ...each, navigate: led(each.navigate, each.action) })),
    },
  };
}

/** Whether a link leads to a page of the site: nobody is sent anywhere else. */
export function leadsToSite(url: string, siteUrl: string): boolean {
  return URL.canParse(url) && new URL(url).origin === siteUrl;
}
