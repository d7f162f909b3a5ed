import { argv } from 'node:process';
import { BellhopError, createClient } from '../../src/client/client.ts';

/** What a back end on Deno does with the client; prints what came of it as JSON. */
const [url = '', secret = ''] = argv.slice(2);
const client = createClient({ url, secret });
const { id } = await client.send({ type: 'deno', title: 'Grüße von Deno', user_ids: ['ada'] });
const { title, counts } = await client.notifications.get(id);
const { token } = await client.subscriberToken('ada');
const page = await fetch(`${url}/v1/subscriptions`, { headers: { Authorization: `Bearer ${token}` } });
const refused = await client.notifications.get('ntf_nothing').catch((error: unknown) => error);
const code = refused instanceof BellhopError ? refused.code : String(refused);
console.log(JSON.stringify({ title, total: counts.total, page: page.status, code }));
