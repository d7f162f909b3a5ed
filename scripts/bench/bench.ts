import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { writeFileSync } from 'node:fs';
import { findMongod } from '../servers/mongod-binary.ts';
import { startMongod } from '../servers/mongod.ts';
import { findRedisServer, startRedisServer } from '../servers/redis-server.ts';
import { measureDeliveries } from './deliveries.ts';
import { startSink } from './sink.ts';

const { values } = parseArgs({ options: { short: { type: 'boolean', default: false }, only: { type: 'string' } } });
const sink = await startSink();
const [redis, mongod] = await Promise.all([startRedisServer(), startMongod()]);
let n = 0;
const rates = await measureDeliveries({ sink, rounds: values.short ? 1 : 3, count: values.short ? 300 : 8000, servers: { mongodbUrl: () => `${mongod.url.replace(/\/?$/, '/')}bench${n++}`, freshRedis: async () => { await redis.restart(); return redis.url; } } });
for (const [name, all] of rates) console.log(name.padEnd(26), all.map((r) => `${Math.round(r.perSecond)}/s ${Math.round(r.cpuMicrosEach)}us`).join('   '));
await sink.stop(); await redis.stop(); await mongod.stop(); process.exit(0);
