import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newWebhookDelivery } from '../../src/domain/webhook/webhook-delivery.ts';
import { createListener } from '../../src/http/listener.ts';
import { addressOf, closeServer, listen } from '../../src/service/server.ts';
import { type Api, SECRET, startApi } from '../support/api.ts';
import { interpret, itInterprets } from '../support/interpreters.ts';
import { LISTEN } from '../support/raw-http.ts';
import { NOW_MS, sampleSubscription } from '../support/samples.ts';
import { codeUnder } from './markdown-code.ts';

const codeOf = (heading: string, language: string): string =>
  codeUnder('webhooks.md', heading).find((block) => block.language === language)?.code ?? '';

describe('docs/webhooks.md, in the order of its examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-webhooks-'));
  let api: Api;
  let server: Server;
  beforeAll(async () => {
    api = await startApi();
    server = await listen(createListener(api.app, api.parts), LISTEN);
  });
  afterAll(async () => {
    await closeServer(server);
    await api.dispose();
    rmSync(folder, { recursive: true });
  });

  const run = async (heading: string): Promise<string> => {
    const environment = { BELLHOP: addressOf(server), SECRET };
    return (await interpret('sh', `set -eu\n${codeOf(heading, 'sh')}`, { folder, environment })).stdout;
  };

  itInterprets('sh', 'make an endpoint, enable, replay, read and rotate', async () => {
    const made = JSON.parse(await run('## An endpoint'));
    expect(made).toMatchObject({ event_types: ['delivery.failed', 'subscription.retired'], is_enabled: true });
    const [patched, replayed] = (await run('## What goes wrong')).replace('}{', '}\n{').split('\n');
    expect(JSON.parse(patched!)).toMatchObject({ id: made.id, is_enabled: true });
    expect(JSON.parse(replayed!)).toMatchObject({ id: made.id });
    expect(JSON.parse(await run('## On record'))).toEqual({ items: [], next_cursor: null });
    expect(JSON.parse(await run('## A new secret'))).toMatchObject({ id: made.id, live_secrets: 2 });
  });

  it('shows what is sent', async () => {
    await api.store.subscriptions.register(sampleSubscription());
    const [event] = await api.store.events.after(0, 1);
    const sent = JSON.parse(newWebhookDelivery('whe_1', event!, NOW_MS).payload);
    expect(Object.keys(JSON.parse(codeOf('## What arrives', 'json')))).toEqual(Object.keys(sent));
  });
});
