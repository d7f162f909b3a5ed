import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/http/kit/problem.ts';
import { type Api, startApi } from '../support/api.ts';
import { createOpenApiCheck, type OpenApiDocument } from '../support/openapi-check.ts';

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
      expect(Object.keys(operation.responses).every((status) => /^[1-5]\d\d$/.test(status))).toBe(true);
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response, `${path} ${status}`).toHaveProperty('description');
      }
      const { parameters = [] } = operation as { parameters?: { in: string; name: string }[] };
      const inPath = parameters
        .filter((parameter) => parameter.in === 'path')
        .map((parameter) => `{${parameter.name}}`);
      expect(inPath).toEqual(path.match(/\{\w+\}/g) ?? []);
    }
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
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect([...new Set(served)].sort()).toEqual(known.sort());
  });

  it('names every error code that a route can give', () => {
    const codes = new Set<string>();
    for (const { operation } of operations()) {
      for (const match of JSON.stringify(operation).matchAll(/"code":\{"enum":(\[[^\]]+\])/g)) {
        for (const code of JSON.parse(match[1] ?? '[]')) codes.add(code);
      }
    }
    // Two belong to no route: they say that there is none. One to the demo page, which is not part of the API.
    const elsewhere = ['route_not_found', 'method_not_allowed', 'not_same_origin'];
    expect([...codes, ...elsewhere].sort()).toEqual([...ERROR_CODES].sort());
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
      '/healthz',
      '/openapi.json',
      '/readyz',
      '/sdk/bellhop-sw.js',
      '/sdk/bellhop.d.ts',
      '/sdk/bellhop.js',
      '/v1/push/public-key',
    ]);
  });
});

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
