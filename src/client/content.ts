export type NotificationAction = {
  readonly action: string;
  readonly title: string;
  readonly icon?: string | undefined;
  readonly url?: string | undefined;
};

/** What a click opens: an open page of the site, an open page that shows the `url`, or always a new page. */
export type OpenIn = 'site_tab' | 'page_tab' | 'new_tab';

export type TextDirection = 'auto' | 'ltr' | 'rtl';

/** What variables stand for. A `datetime` is an ISO 8601 instant with a zone. */
export type Variables = Readonly<Record<string, string | number | boolean>>;

/** A user with variables of their own, which go before those that everyone has. */
export type Recipient = { readonly user_id: string; readonly variables?: Variables | undefined };

/** Without a version, the newest. */
export type TemplateUse = {
  readonly key: string;
  readonly version?: number | undefined;
  readonly variables?: Variables | undefined;
};

/** What the device shows beside the title. */
export type ShownFields = {
  readonly body?: string | undefined;
  readonly icon?: string | undefined;
  readonly image?: string | undefined;
  readonly badge?: string | undefined;
  readonly url?: string | undefined;
  readonly open_in?: OpenIn | undefined;
  readonly actions?: readonly NotificationAction[] | undefined;
  readonly dir?: TextDirection | undefined;
  readonly require_interaction?: boolean | undefined;
  readonly silent?: boolean | undefined;
  /** Milliseconds: on, off, on, … Not with `silent`. */
  readonly vibrate?: readonly number[] | undefined;
  readonly renotify?: boolean | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
};

/** What is said in one locale. Title, body, links and the words of actions are patterns of ICU MessageFormat. */
export type LocaleText = ShownFields & { readonly title: string };

/** `tags` is an expression, such as `beta && !(trial || churned)`. */
export type AudienceInput = {
  readonly tags?: string | undefined;
  readonly everyone?: true | undefined;
};
