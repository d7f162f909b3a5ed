/** What is shown for a payload: the arguments of `showNotification()`. */
export type Notice = {
  readonly title: string;
  readonly options: {
    readonly body: string;
    readonly tag: string;
    readonly dir: 'auto' | 'ltr' | 'rtl';
    readonly lang?: string;
    readonly icon?: string;
    readonly image?: string;
    readonly badge?: string;
    readonly requireInteraction?: boolean;
    readonly silent?: boolean;
    readonly vibrate?: readonly number[];
    readonly renotify?: boolean;
    readonly timestamp?: number;
    readonly actions: readonly { readonly action: string; readonly title: string; readonly icon?: string }[];
    /** `bellhop` marks it as ours and holds the payload. */
    readonly data: { readonly bellhop: Payload };
  };
};

export type Payload = Readonly<Record<string, unknown>>;

/** For whatever cannot be understood: a push must always show something. */
const GENERIC_BODY = 'You have a new notification.';

/**
 * Total: any text, or none, gives something that can be shown. `siteName` is the title of what has none.
 * A tag it always has, so that a push that arrives twice is one notification.
 */
export function noticeOf(text: string | null, siteName: string): Notice {
  const payload = parse(text);
  const declared = objectOf(payload.notification);
  const read = <T>(as: (value: unknown) => T | undefined, name: string): T | undefined =>
    as(payload[name]) ?? as(declared[name]);
  const title = read(textOf, 'title');
  const silent = read(flagOf, 'silent');
  return {
    title: title ?? siteName,
    options: {
      body: read(textOf, 'body') ?? (title === undefined ? GENERIC_BODY : ''),
      tag: read(textOf, 'tag') ?? textOf(payload.notification_id) ?? 'bellhop',
      dir: read(directionOf, 'dir') ?? 'auto',
      ...given({
        lang: textOf(payload.locale) ?? textOf(declared.lang),
        icon: read(textOf, 'icon'),
        image: read(textOf, 'image'),
        badge: read(textOf, 'badge'),
        requireInteraction: read(flagOf, 'require_interaction'),
        silent,
        // Browsers show nothing that is silent and vibrates.
        vibrate: silent ? undefined : read(patternOf, 'vibrate'),
        renotify: read(flagOf, 'renotify'),
        timestamp: read(countOf, 'timestamp'),
      }),
      actions: actionsOf(payload.actions ?? declared.actions),
      data: { bellhop: payload },
    },
  };
}

/** For the icon of the installed app; undefined leaves it alone. */
export function appBadgeOf(payload: Payload): number | undefined {
  return countOf(payload.app_badge);
}

/** Where a click leads: the button's own link, else the notification's. Null where it leads nowhere, or off the web. */
export function targetOf(payload: Payload, action: string, base: string): string | null {
  const declared = objectOf(payload.notification);
  const button = [...listOf(payload.actions), ...listOf(declared.actions)].find(
    (each) => action !== '' && each.action === action,
  );
  const url = textOf(button?.url) ?? textOf(button?.navigate) ?? textOf(payload.url) ?? textOf(declared.navigate);
  if (url === undefined || !URL.canParse(url, base)) return null;
  const { href, protocol } = new URL(url, base);
  return /^https?:$/.test(protocol) ? href : null;
}

function parse(text: string | null): Payload {
  try {
    return objectOf(JSON.parse(text ?? ''));
  } catch {
    return {};
  }
}

function objectOf(value: unknown): Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Payload) : {};
}

function listOf(value: unknown): Payload[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function flagOf(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function patternOf(value: unknown): readonly number[] | undefined {
  return Array.isArray(value) && value.every((each) => countOf(each) !== undefined) ? value : undefined;
}

function directionOf(value: unknown): 'ltr' | 'rtl' | undefined {
  return value === 'ltr' || value === 'rtl' ? value : undefined;
}

type Given<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Without what is undefined. */
function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}

function actionsOf(value: unknown): Notice['options']['actions'] {
  return listOf(value).flatMap((each) => {
    const action = textOf(each.action);
    const title = textOf(each.title);
    return action === undefined || title === undefined
      ? []
      : [{ action, title, ...given({ icon: textOf(each.icon) }) }];
  });
}
