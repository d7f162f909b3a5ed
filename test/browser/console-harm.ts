import type { Page } from 'puppeteer-core';
import { until } from '../support/until.ts';
import type { ConsoleStage } from './console-stage.ts';

/** Ends an attribute, a tag and a text area, and does harm as an element. The entity shows whether it is escaped twice. */
export function harm(field: string): string {
  return `"'></textarea><img id="harm-${field}" src=x onerror="document.title='harmed'">&lt;`;
}

/** Each field that takes any text: what callers, devices and other servers say. */
export const HARMFUL_FIELDS = [
  ...['user', 'title', 'body', 'data', 'link', 'icon', 'action', 'topic', 'key', 'agent', 'template'],
  ...['pattern', 'value', 'schedule', 'address', 'description', 'way', 'words', 'tracestate'],
] as const;
type Field = (typeof HARMFUL_FIELDS)[number];

/** No page shows them. */
export const UNSEEN_FIELDS: readonly Field[] = ['key', 'tracestate'];

/** Whether it is there as it was said, or as part of JSON, of a link or of an address. */
export function isShown(field: Field, texts: string): boolean {
  const [text, link] = [harm(field), linkOf(field)];
  const inAddress = new URL(link, 'https://hooks.example').href.slice('https://hooks.example/'.length);
  return [text, JSON.stringify(text).slice(1, -1), link, inAddress].some((each) => texts.includes(each));
}

const of = (field: Field): string => harm(field);
/** Links may hold no space. */
const linkOf = (field: Field): string => `/${of(field).replaceAll(' ', '/')}`;
/** As patterns of messages have it literally. */
const literal = (field: Field): string => `${of(field).replaceAll("'", "''")}`;

/** Has each of them said once, by the API, by a device and by a push service. */
export async function sayHarm({ call, emulator }: ConsoleStage): Promise<void> {
  const demand = async (method: string, path: string, body: object, headers = {}) => {
    const answer = await call(method, path, { body: body as Record<string, unknown>, headers });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const user = of('user').slice(0, 128);
  const register = (user_id: string, body?: string) => {
    const behaviour = body === undefined ? [] : [{ status: 400, body, headers: { 'Content-Type': 'text/html' } }];
    const { subscription } = emulator.createDevice({ behaviour });
    return demand('POST', '/v1/subscriptions', { user_id, ...subscription, user_agent: of('agent') });
  };
  await register(user);
  await register('refused', of('words'));
  const content = {
    ...{ type: 'note', title: of('title'), body: of('body'), data: { [of('data')]: of('data') } },
    ...{ url: linkOf('link'), icon: linkOf('icon'), image: linkOf('icon'), topic: of('topic') },
    actions: [{ action: of('action').slice(0, 64), title: of('action').slice(0, 100) }],
  };
  const headers = { 'Idempotency-Key': of('key'), tracestate: of('tracestate') };
  await demand(
    'POST',
    '/v1/notifications',
    { ...content, user_ids: [user, 'refused', `nobody ${user}`.slice(0, 128)] },
    headers,
  );
  const text = { title: `{name} ${literal('pattern')}`, body: `{name} ${literal('template')}` };
  await demand('PUT', '/v1/templates/harm', {
    default_locale: 'en',
    variables: { name: 'string' },
    locales: { en: text },
  });
  const worded = { type: 'note', template: { key: 'harm', variables: { name: of('value') } }, user_ids: [user] };
  await demand('POST', '/v1/notifications', worded);
  const notification = { type: 'note', title: of('schedule'), body: of('schedule'), audience: { tags: 'staff' } };
  await demand('PUT', '/v1/schedules/harm', { cron: '0 9 * * *', time_zone: 'UTC', notification });
  const url = `https://hooks.example${linkOf('address')}?key=${linkOf('address')}`;
  await demand('POST', '/v1/webhook-endpoints', { url, description: of('description') });
  const variants = [
    { key: 'one', weight: 1, title: of('way'), body: of('way') },
    { key: 'other', weight: 1, title: of('way') },
  ];
  await demand('POST', '/v1/notifications', { type: 'note', user_ids: [user], variants, experiment: { key: 'harm' } });
  await until('the push service has said its word', async () => {
    const { items } = (await call('GET', '/v1/dead-letters')).body as { items: readonly unknown[] };
    return items.length > 0;
  });
}

type Shown = { readonly texts: string; readonly isHarmed: boolean; readonly links: readonly string[] };

/** What somebody sees on the page, in fields as well, whether a text of a caller became an element, and where it leads. */
export async function shownOn(page: Page): Promise<Shown> {
  return (await page.evaluate(`({
    texts: [
      document.body.textContent,
      ...[...document.querySelectorAll('input, textarea')].map(({ value }) => value),
    ].join('\\n'),
    isHarmed: document.title === 'harmed' || document.querySelector('[id^=harm-], main img, main script:not([src="compose.js"])') !== null,
    links: [...document.querySelectorAll('main a[href]')].map((link) => link.getAttribute('href')),
  })`)) as Shown;
}

/** What is typed into, in the place of everything that a form has. */
const FILL = `(form, text) => {
  const fields = [...form.elements].filter((field) => field.matches('textarea, input:not([type=hidden], [type=checkbox], [type=radio])'));
  for (const field of fields) {
    // Who sends a form by other means is kept from nothing.
    if (field.matches('input')) field.type = 'text';
    field.value = text;
  }
  form.noValidate = true;
  return fields.length > 0;
}`;

/** Opens the page once for each form in it, fills that in with harm, and sends it; tells after each. */
export async function sendForms(
  page: Page,
  open: () => Promise<unknown>,
  tell: (form: string) => Promise<void>,
): Promise<void> {
  const count = (await page.$$('main form')).length;
  for (let index = 0; index < count; index += 1) {
    if (index > 0) await open();
    const name = (await page.evaluate(`(() => {
      const form = document.querySelectorAll('main form')[${index}];
      const action = form.getAttribute('action');
      return (${FILL})(form, ${JSON.stringify(harm('typed'))}) ? action : '';
    })()`)) as string;
    if (name === '') continue;
    const submit = `document.querySelectorAll('main form')[${index}].requestSubmit()`;
    await Promise.all([page.waitForNavigation(), page.evaluate(submit)]);
    await tell(name);
  }
}
