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

/** One of several ways to say it. What it says goes before what the notification says. */
export type VariantInput = ShownFields & {
  readonly key: string;
  /** How many users it gets, in proportion to the others. */
  readonly weight: number;
  readonly template?: TemplateUse | undefined;
  readonly locales?: Readonly<Record<string, LocaleText>> | undefined;
  readonly default_locale?: string | undefined;
  readonly variables?: Variables | undefined;
  readonly title?: string | undefined;
  readonly locale?: string | undefined;
  readonly timestamp?: string | number | undefined;
  readonly app_badge?: number | undefined;
};

/** Who gets which of the variants, and who nothing. */
export type ExperimentInput = {
  readonly key: string;
  readonly holdout_percent?: number | undefined;
  /** So many of a hundred users are sent it first, and the others the winner, `decide_after_seconds` later. */
  readonly test_percent?: number | undefined;
  readonly decide_after_seconds?: number | undefined;
  /** `clicked` unless given. */
  readonly metric?: 'clicked' | 'shown' | undefined;
  /** `stop` unless given. */
  readonly if_inconclusive?: 'stop' | 'send_heaviest' | undefined;
};
