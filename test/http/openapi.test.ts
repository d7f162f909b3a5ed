import { brotliDecompressSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/http/kit/problem.ts';
import { type Api, startApi } from '../support/api.ts';
import { createOpenApiCheck, type OpenApiDocument } from '../support/openapi-check.ts';

const OF_NO_ROUTE = ['route_not_found', 'method_not_allowed', 'not_same_origin', 'sign_in_refused'];
OF_NO_ROUTE.push('viewer_changes_nothing', 'malformed_request', 'headers_too_large', 'request_timeout');

let api: Api;
let text: string;
let document: OpenApiDocument;
beforeAll(async () => {
  api = await startApi();
  text = (await api.call('GET', '/openapi.json', { sign: 'none' })).text;
  document = JSON.parse(text);
});
afterAll(() => api.dispose());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );

describe('/openapi.json', () => {
  it('is OpenAPI 3.1 in its own structure', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document).toMatchObject({ info: { title: 'Bellhop', version: '1.2.3' } });
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations()) {
      expect(Object.keys(operation.responses).every((status) => /^([1-5]\d\d|2XX)$/.test(status))).toBe(true);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response, `${path} ${status}`).toHaveProperty('description');
      }
      const { parameters = [] } = operation;
      const inPath = parameters
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => `{${parameter.name}}`);
      expect(inPath).toEqual(path.match(/\{\w+\}/g) ?? []);
    }
  });

  it('comes compressed, and not again to who has it', async () => {
    const get = (headers: Record<string, string>) => api.call('GET', '/openapi.json', { sign: 'none', headers });
    const plain = await get({});
    const etag = plain.headers.get('etag') ?? '';
    expect([plain.headers.get('content-type'), plain.headers.get('cache-control')]).toEqual([
      'application/json',
      'no-cache',
    ]);
    expect((await get({ 'If-None-Match': etag })).status).toBe(304);
    const packed = await api.app.request('/openapi.json', { headers: { 'Accept-Encoding': 'gzip, br' } });
    const octets = Buffer.from(await packed.arrayBuffer());
    expect([packed.headers.get('content-encoding'), packed.headers.get('vary')]).toEqual(['br', 'Accept-Encoding']);
    expect(brotliDecompressSync(octets).toString()).toBe(plain.text);
    expect(octets.byteLength).toBeLessThan(plain.text.length / 5);
  });

  it('has no reference that leads nowhere, and no pattern that cannot be compiled', () => {
    for (const [, pointer] of text.matchAll(/"\$ref":"#([^"]+)"/g)) {
      const found = String(pointer)
        .split('/')
        .slice(1)
        .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);
      expect(found, pointer).toBeDefined();
    }
    for (const [, pattern] of text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)) {
      const source = JSON.parse(String(pattern));
      expect(source).not.toMatch(/\/[a-z]+$/);
      expect(() => new RegExp(source, 'u')).not.toThrow();
    }
  });

  it('documents every route of the app', () => {
    const known = operations().map(({ path, method }) => `${method} ${path}`);
    const served = api.app.routes
      .filter(({ method, path }) => method !== 'ALL' && !path.startsWith('/console'))
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect([...new Set(served)].sort()).toEqual(known.sort());
  });

  it('names every error code that a route can give', () => {
    const codes = new Set<string>();
    for (const { operation } of operations()) {
      for (const { 'x-error-codes': known = [] } of Object.values(operation.responses)) {
        for (const code of known) codes.add(code);
      }
    }
    expect([...codes, ...OF_NO_ROUTE].sort()).toEqual([...ERROR_CODES].sort());
  });

  it('names shutting_down on every route that refuses while the server stops, and on no other', async () => {
    const stopping = await startApi({ isStopping: () => true });
    try {
      for (const { path, method, operation } of operations()) {
        const { body } = await stopping.call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'));
        const isRefused = body?.code === 'shutting_down';
        expect([path, JSON.stringify(operation).includes('"shutting_down"')]).toEqual([path, isRefused]);
      }
    } finally {
      await stopping.dispose();
    }
  });

  it('asks for credentials everywhere but where anyone may look', () => {
    const open = operations().filter(({ operation }) => (operation as { security?: unknown[] }).security?.length === 0);
    expect(open.map(({ path }) => path).sort()).toEqual([
      '/',
      '/healthz',
      '/openapi.json',
      '/readyz',
      ...['bellhop-sw.js', 'bellhop.d.ts', 'bellhop.js', 'preferences.d.ts', 'preferences.js'].map(
        (file) => `/sdk/${file}`,
      ),
      '/v1/push/public-key',
      '/v1/receipts',
    ]);
  });
});

describe('/openapi.json as generators of clients read it', () => {
  const answers = () =>
    operations().flatMap(({ operation }) =>
      Object.entries(operation.responses).flatMap(([status, { content = {} }]) =>
        Object.entries(content).map(([mediaType, { schema }]) => ({
          where: `${operation.operationId} ${status}`,
          mediaType,
          schema: schema as Schema,
        })),
      ),
    );
  const bodies = () =>
    operations().flatMap(({ operation }) => {
      const { content = {}, ...rest } = operation.requestBody ?? {};
      return Object.entries(content).map(([mediaType, each]) => ({
        where: operation.operationId,
        mediaType,
        ...rest,
        ...each,
        schema: each.schema as Schema,
      }));
    });

  it('describes every operation, its tag and its parameters', () => {
    const tags = document.tags.map(({ name }) => name);
    expect(document.tags.filter(({ description }) => description === '')).toEqual([]);
    for (const { operation } of operations()) {
      const { operationId, summary, tags: own = [], parameters = [] } = operation;
      expect(summary, operationId).toMatch(/^[A-Z].*[^.]$/);
      expect(own, operationId).toHaveLength(1);
      expect(tags, operationId).toContain(own[0]);
      expect(parameters.filter(({ description }) => !description).map(({ name }) => `${operationId} ${name}`)).toEqual(
        [],
      );
    }
    expect(document.info.license).toMatchObject({ name: 'MIT' });
  });

  it('has a name for every body that is an object, a class of generated clients', () => {
    const unnamed = [...answers(), ...bodies()].filter(({ schema }) => schema.type !== 'string' && !schema.$ref);
    expect(unnamed.map(({ where }) => where)).toEqual([]);
  });

  it('has an example for every body, which its own schema takes', () => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema(document, 'openapi');
    for (const { where, schema, example } of bodies()) {
      const line = schema.contentSchema?.items;
      const value = line ? JSON.parse(`${example}`) : example;
      const isValid = ajv.compile({ $ref: `openapi${(line ?? schema).$ref}` })(value);
      expect([where, example !== undefined && isValid]).toEqual([where, true]);
    }
  });

  it('leaves every answer open, objects and words, so that no client breaks at what a later version adds', () => {
    for (const { where, schema } of answers()) {
      for (const each of reached(schema)) {
        const said = `${where}: use answerBody, answerWord or answerWordOrNull for ${JSON.stringify(each).slice(0, 200)}`;
        if (each.properties !== undefined) expect(each.additionalProperties, said).toSatisfy(isOpen);
        expect(each.enum, said).toBeUndefined();
      }
    }
  });

  it('has no default in a body, which some generators take for required', () => {
    const found = bodies().filter(({ schema }) => reached(schema).some((each) => each.default !== undefined));
    expect(found.map(({ where }) => where)).toEqual([]);
  });

  it('has no choice of types, no value without a type, and no name for a list of words: each breaks some generator', () => {
    for (const { where, schema } of [...answers(), ...bodies()]) {
      for (const each of reached(schema)) {
        expect([each.anyOf, each.oneOf, each.allOf], where).toEqual([undefined, undefined, undefined]);
        if (each.const !== undefined || each.enum !== undefined) expect(each.type, where).toBeDefined();
      }
    }
    const named = Object.entries(document.components.schemas as Record<string, Schema>);
    expect(named.filter(([, { enum: words }]) => words !== undefined).map(([name]) => name)).toEqual([]);
  });

  it('has no two fields in one object, and no two names, that are one in another language', () => {
    for (const { where, schema } of [...answers(), ...bodies()]) {
      for (const { properties } of reached(schema))
        expect(repeatedOf(Object.keys(properties ?? {})), where).toEqual([]);
    }
    const { schemas, securitySchemes } = document.components;
    expect(repeatedOf([...Object.keys(schemas), ...Object.keys(securitySchemes)])).toEqual([]);
    expect(repeatedOf(operations().map(({ operation }) => operation.operationId))).toEqual([]);
  });

  it('has patterns that Python, Go, Ruby, PHP and Java understand, and in the same way', () => {
    for (const [, pattern] of text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)) {
      const source = JSON.parse(String(pattern));
      // No properties, no groups with a question mark, no code points, no octets that are half a character in UTF-8.
      expect(source).not.toMatch(/\\[pPuUkb1-9]|\(\?|\\x[89a-f]/);
      expect(source).toMatch(/^\^.*\$$/);
    }
  });

  it('leads from what was made to the operations that take its id', () => {
    const withId = operations().filter(({ path }) => path.includes('{id}'));
    const ids = withId.map(({ operation }) => operation.operationId);
    const made = operations().flatMap(({ operation }) =>
      Object.entries(operation.responses).filter(([, { headers }]) => headers?.Location !== undefined),
    );
    expect(made.length).toBeGreaterThan(0);
    for (const [, { links = {} }] of made) {
      expect(Object.keys(links)).not.toEqual([]);
      for (const { operationId, parameters } of Object.values(links)) {
        expect(ids).toContain(operationId);
        expect(parameters).toEqual({ id: '$response.body#/id' });
      }
    }
  });
});

type Schema = {
  readonly contentSchema?: { readonly items: Schema };
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: unknown;
  readonly oneOf?: unknown;
  readonly allOf?: unknown;
  readonly default?: unknown;
};

/** A schema and all that it leads to. */
function reached(schema: Schema, seen = new Set<unknown>()): Schema[] {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return [];
  seen.add(schema);
  const { $ref } = schema;
  const target = $ref === undefined ? [] : reached(namedSchema($ref), seen);
  return [schema, ...target, ...Object.values(schema).flatMap((each) => reached(each as Schema, seen))];
}

function namedSchema($ref: string): Schema {
  return (document.components.schemas as Record<string, Schema>)[$ref.slice('#/components/schemas/'.length)] ?? {};
}

function isOpen(additional: unknown): boolean {
  return additional === true || JSON.stringify(additional) === '{}';
}

/** Those that differ from an earlier one by capitals and punctuation alone. */
function repeatedOf(names: readonly string[]): string[] {
  const bare = names.map((name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''));
  return names.filter((_, at) => bare.indexOf(bare[at] ?? '') !== at);
}

describe('the check that every answer of these tests goes through', () => {
  const headers = new Headers({ 'content-type': 'application/json' });
  const answer = { method: 'GET', path: '/healthz', status: 200, headers, text: '{"status":"ok","version":"1"}' };
  const check = (overrides: Partial<typeof answer>) => () => createOpenApiCheck(document)({ ...answer, ...overrides });
  const problem = (code: string) => ({
    headers: new Headers({ 'content-type': 'application/problem+json' }),
    text: JSON.stringify({ type: 'x', title: 'x', status: 400, detail: 'x', code, request_id: 'x' }),
    path: '/v1/subscriptions',
    status: 400,
  });

  it('lets what is documented pass, and nothing else', () => {
    expect(check({})).not.toThrow();
    expect(check({ status: 418 })).toThrow();
    expect(check({ text: '{"status":"ok"}' })).toThrow();
    expect(check({ text: '{"status":"ok","version":"1","more":1}' })).toThrow();
    expect(check({ headers: new Headers({ 'content-type': 'text/html' }) })).toThrow();
    expect(check({ path: '/undocumented' })).toThrow();
    expect(check(problem('invalid_cursor'))).not.toThrow();
    expect(check(problem('endpoint_taken'))).toThrow();
  });
});
