import { type Api, SECRET } from './api.ts';

const LOCAL = '127.0.0.1:8080';

export type Seen = {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  readonly cookies: readonly string[];
};

type VisitOptions = {
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
};

/** A browser at the console, as far as it shows in requests: it keeps cookies and says where a form comes from. */
export class ConsoleVisitor {
  readonly jar = new Map<string, string>();
  readonly #api: Pick<Api, 'app'>;
  readonly #origin: string;

  constructor(api: Pick<Api, 'app'>, origin = `http://${LOCAL}`) {
    this.#api = api;
    this.#origin = origin;
  }

  get(page: string, options: VisitOptions = {}): Promise<Seen> {
    return this.#send('GET', page, options);
  }

  post(page: string, form: Readonly<Record<string, string>> = {}, options: VisitOptions = {}): Promise<Seen> {
    const headers = { origin: this.#origin, 'sec-fetch-site': 'same-origin', ...options.headers };
    return this.#send('POST', page, { form, ...options, headers });
  }

  async #send(method: string, page: string, { host, headers, form }: VisitOptions): Promise<Seen> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = { host: host ?? new URL(this.#origin).host, ...(cookie === '' ? {} : { cookie }), ...headers };
    const body = form === undefined ? null : new URLSearchParams(form).toString();
    const typed = body === null ? sent : { ...sent, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await this.#api.app.request(`/console/${page}`, {
      method,
      headers: typed,
      body,
      redirect: 'manual',
    });
    const cookies = answer.headers.getSetCookie();
    for (const each of cookies) this.#keep(each);
    return { status: answer.status, text: await answer.text(), headers: answer.headers, cookies };
  }

  #keep(setCookie: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? [];
    if (/Max-Age=0/i.test(setCookie)) this.jar.delete(name);
    else this.jar.set(name, value);
  }
}

/** Both roles, signed in. */
export async function signInBoth(api: Api): Promise<{ operator: ConsoleVisitor; viewer: ConsoleVisitor }> {
  const [operator, viewer] = [new ConsoleVisitor(api), new ConsoleVisitor(api)];
  await operator.post('sign-in', { secret: SECRET });
  await viewer.post('sign-in', { secret: 'secret-that-reads-only' });
  return { operator, viewer };
}

/** The newest entry of the audit log: what, to whom, and why not. */
export async function latestAudited(api: Api): Promise<readonly (string | null)[]> {
  const { action, target, refusal } = (await api.store.audit.after(0, 1000)).at(-1)!;
  return [action, target.text, refusal];
}
