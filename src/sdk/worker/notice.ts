/** What is shown for a payload: the arguments of `showNotification()`. */
export type Notice = {
  readonly title: string;
  readonly options: {
    readonly body: string;
    readonly tag: string;
    readonly dir: 'auto';
    readonly lang?: string;
    readonly icon?: string;
    readonly badge?: string;
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
  const title = textOf(payload.title) ?? textOf(declared.title);
  const body = textOf(payload.body) ?? textOf(declared.body) ?? (title === undefined ? GENERIC_BODY : '');
  return {
    title: title ?? siteName,
    options: {
      body,
      tag: textOf(payload.tag) ?? textOf(declared.tag) ?? textOf(payload.notification_id) ?? 'bellhop',
      dir: 'auto',
      ...given('lang', textOf(payload.locale) ?? textOf(declared.lang)),
      ...given('icon', textOf(payload.icon) ?? textOf(declared.icon)),
      ...given('badge', textOf(payload.badge)),
      actions: actionsOf(payload.actions ?? declared.actions),
      data: { bellhop: payload },
    },
  };
}

/** Where a click leads: the button's own link, else the notification's. Null where it leads nowhere, or off the web. */
export function targetOf(payload: Payload, action: string, base: string): string | null {
  const declared = objectOf(payload.notification);
  const button = [payload.actions, declared.actions]
    .flatMap((list) => (Array.isArray(list) ? list.map(objectOf) : []))
    .find((each) => action !== '' && each.action === action);
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

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function given<Name extends string>(name: Name, value: string | undefined): { readonly [N in Name]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: string };
}

function actionsOf(value: unknown): Notice['options']['actions'] {
  return (Array.isArray(value) ? value : []).map(objectOf).flatMap((each) => {
    const action = textOf(each.action);
    const title = textOf(each.title);
    return action === undefined || title === undefined ? [] : [{ action, title, ...given('icon', textOf(each.icon)) }];
  });
}
