import type { PayloadSource } from '../notification/notification.ts';
import type { NotificationAction } from './shown-content.ts';

/** What marks a push message as declarative (W3C Push API, "Declarative push message"). */
const DECLARATIVE = 8030;

/** The members that a browser reads by itself. Every link is absolute: WebKit refuses the whole message otherwise. */
export type DeclarativePush = {
  readonly web_push: typeof DECLARATIVE;
  readonly notification: {
    readonly title: string;
    readonly navigate: string;
    readonly body?: string | undefined;
    readonly tag: string;
    readonly lang?: string | undefined;
    readonly dir?: string | undefined;
    readonly image?: string | undefined;
    readonly require_interaction?: boolean | undefined;
    readonly silent?: boolean | undefined;
    readonly vibrate?: readonly number[] | undefined;
    readonly renotify?: boolean | undefined;
    readonly timestamp?: number | undefined;
    readonly icon?: string | undefined;
    readonly badge?: string | undefined;
    readonly actions?: readonly DeclarativeAction[] | undefined;
  };
};

type DeclarativeAction = {
  readonly action: string;
  readonly title: string;
  readonly navigate: string;
  readonly icon?: string | undefined;
};

/**
 * The form that Safari shows without a service worker. Null where the content has no `url` for `navigate`, which the form
 * requires, or where that is a path and the site is not known. The form is not `mutable`, so that no worker is started for
 * what is already shown. `data` is left out: only workers read it. The tag is never missing, so that a message that comes
 * twice is shown once.
 */
export function declarativeForm({ id, content, topic }: PayloadSource, siteUrl: string | null): DeclarativePush | null {
  const { title, body, url, locale } = content;
  const absolute = (link: string | undefined): string | undefined => absoluteUrl(link, siteUrl);
  const navigate = absolute(url);
  if (navigate === undefined) return null;
  const actions = content.actions?.map((action) => declarativeAction(action, navigate, absolute));
  return {
    web_push: DECLARATIVE,
    notification: {
      title,
      navigate,
      body,
      tag: topic ?? id,
      lang: locale,
      dir: content.dir,
      image: absolute(content.image),
      require_interaction: content.requireInteraction,
      silent: content.silent,
      vibrate: content.vibrate,
      renotify: content.renotify,
      timestamp: content.timestampMs,
      icon: absolute(content.icon),
      badge: absolute(content.badge),
      // A button that led elsewhere than it says would be worse than none.
      actions: actions?.filter((action) => action !== null),
    },
  };
}

function declarativeAction(
  { action, title, icon, url }: NotificationAction,
  navigate: string,
  absolute: (link: string | undefined) => string | undefined,
): DeclarativeAction | null {
  const target = url === undefined ? navigate : absolute(url);
  return target === undefined ? null : { action, title, navigate: target, icon: absolute(icon) };
}

function absoluteUrl(link: string | undefined, siteUrl: string | null): string | undefined {
  if (link === undefined) return undefined;
  if (URL.canParse(link)) return new URL(link).href;
  return siteUrl !== null && URL.canParse(link, siteUrl) ? new URL(link, siteUrl).href : undefined;
}
