import { expect } from 'vitest';
import type { Step } from '../../src/emulator/behaviour.ts';
import type { Emulator } from '../../src/emulator/emulator.ts';
import { readEvents } from './server-sent-events.ts';

/** A browser as far as the demo's routes can tell: it keeps a cookie and says where its requests come from. */
export class DemoVisitor {
  cookie: string | null = null;
  readonly address: string;
  readonly pushService: Emulator;
  private readonly aborts = new Set<AbortController>();

  constructor(address: string, pushService: Emulator) {
    this.address = address;
    this.pushService = pushService;
  }

  async fetch(path: string, { headers = {}, ...init }: RequestInit & { headers?: Record<string, string> } = {}) {
    const answer = await fetch(`${this.address}${path}`, {
      ...init,
      headers: {
        ...(this.cookie === null ? {} : { Cookie: this.cookie }),
        'Sec-Fetch-Site': 'same-origin',
        ...headers,
      },
    });
    this.cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? this.cookie;
    return answer;
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}) {
    const json = { 'Content-Type': 'application/json', ...headers };
    return this.fetch(path, { method: 'POST', body: JSON.stringify(body), headers: json });
  }

  async send(message: Record<string, unknown> = { title: 'Hello' }): Promise<string> {
    const answer = await this.post('/demo/notifications', message);
    expect(answer.status).toBe(202);
    return ((await answer.json()) as { id: string }).id;
  }

  /** Subscribes as the SDK does: with a token of the page. */
  async subscribe(behaviour: readonly Step[] = [{}]) {
    const { token } = (await (await this.post('/demo/token', {})).json()) as { token: string };
    const device = this.pushService.createDevice({ behaviour });
    const answer = await fetch(`${this.address}/v1/subscriptions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(device.subscription),
    });
    expect(answer.status).toBe(201);
    return { device, token, ...((await answer.json()) as { user_id: string; id: string }) };
  }

  /** The answer that the stream is, and what gives it up. */
  async open(notificationId: string): Promise<{ answer: Response; abort: AbortController }> {
    const abort = new AbortController();
    this.aborts.add(abort);
    const path = `/demo/notifications/${notificationId}/events`;
    return { answer: await this.fetch(path, { signal: abort.signal }), abort };
  }

  /** All views until the stream ends by itself. */
  async views(notificationId: string) {
    const { answer } = await this.open(notificationId);
    expect(answer.status).toBe(200);
    const events = await readEvents(answer);
    expect(events.at(-1)?.event).toBe('end');
    // biome-ignore lint/suspicious/noExplicitAny: what it holds is looked at by each test.
    return events.slice(0, -1).map(({ data }) => JSON.parse(data) as { notification: any; deliveries: any[] });
  }

  /** Gives up every stream. */
  leave(): void {
    for (const abort of this.aborts) abort.abort();
    this.aborts.clear();
  }
}
