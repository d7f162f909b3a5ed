import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { answerQuestions } from './child.ts';

/** The least an API can do: parse the same JSON and answer. */
const app = new Hono().post('/v1/notifications', async (c) =>
  c.json({ users: (await c.req.json()).user_ids.length }, 202),
);
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
await once(server, 'listening');

answerQuestions<object>(async () => ({ port: (server.address() as AddressInfo).port }));
