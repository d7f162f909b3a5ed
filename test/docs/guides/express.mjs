import { orderShipped, pushRoutes } from './push.js';

const order = { id: 42, userId: 7 };
const token = await pushRoutes.visit('/push-token', { user: { id: 7 } });
console.log(
  JSON.stringify({
    stranger: (await pushRoutes.visit('/push-token', {})).status,
    token: token.text,
    token_type: token.type,
    cache: token.headers['Cache-Control'],
    ids: [(await orderShipped(order)).id, (await orderShipped(order)).id],
  }),
);
