import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';

type Response = {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema: unknown }>>;
  readonly links?: Readonly<Record<string, { readonly operationId: string; readonly parameters: unknown }>>;
  readonly 'x-error-codes'?: readonly string[];
};
type Operation = {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly description?: string }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: unknown; readonly example?: unknown }>>;
  };
  readonly responses: Readonly<Record<string, Response>>;
};

export type OpenApiDocument = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly info: { readonly license?: unknown };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
};

/** Of a text of which each line is JSON. */
type LinesSchema = { readonly contentSchema?: { readonly items: { readonly $ref: string } } };

type RealAnswer = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
};

export type OpenApiCheck = (answer: RealAnswer) => void;

/**
 * Holds real answers against the document: status, content type, headers and body must be as documented, with no field and no
 * word that is not, although clients are told to expect more some day.
 */
export function createOpenApiCheck(document: OpenApiDocument): OpenApiCheck {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(closed(document) as object, 'openapi');
  // A path without a parameter goes before one that would fit as well.
  const concreteFirst = Object.keys(document.paths).sort((one, other) => +one.includes('{') - +other.includes('{'));
  const templates = concreteFirst.map((template) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  }));
  const matches = (pointer: string, text: string): void => {
    const validate = ajv.getSchema(`openapi#${pointer}`) ?? ajv.compile({ $ref: `openapi#${pointer}` });
    const isValid = validate(JSON.parse(text));
    expect(isValid, `${pointer}\n${ajv.errorsText(validate.errors)}\n${text.slice(0, 2000)}`).toBe(true);
  };
  return ({ method, path, status, headers, text }) => {
    if (method === 'OPTIONS') return;
    const contentType = headers.get('content-type');
    const template = templates.find(({ pattern }) => pattern.test(path.split('?')[0] ?? ''))?.template;
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    const operation = template === undefined ? undefined : document.paths[template]?.[verb];
    if (template === undefined || operation === undefined) {
      expect([404, 405, 503], `${method} ${path} is not documented`).toContain(status);
      if (method !== 'HEAD') matches('/components/schemas/Problem', text);
      return;
    }
    const named = [String(status), `${String(status)[0]}XX`].find((each) => operation.responses[each]) ?? '';
    const response = operation.responses[named];
    expect(response, `${operation.operationId} does not document ${status}: ${text.slice(0, 500)}`).toBeDefined();
    for (const name of ['location', 'retry-after', 'allow', 'www-authenticate', 'idempotency-replayed']) {
      const documented = Object.keys(response?.headers ?? {}).map((header) => header.toLowerCase());
      if (headers.has(name)) expect(documented, `${operation.operationId} ${status}`).toContain(name);
    }
    if (response?.content === undefined) {
      expect(text).toBe('');
      return;
    }
    expect(Object.keys(response.content)).toContain(contentType);
    if (method === 'HEAD' || !contentType?.includes('json')) return;
    const ofLine = ((response.content[contentType]?.schema ?? {}) as LinesSchema).contentSchema?.items;
    if (ofLine !== undefined) {
      for (const line of text.split('\n').filter(Boolean)) matches(ofLine.$ref.slice(1), line);
      return;
    }
    if (!contentType.match(/[/+]json/)) return;
    const escaped = [template, verb, 'responses', named, 'content', String(contentType), 'schema']
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    matches(`/paths/${escaped}`, text);
    const { 'x-error-codes': codes } = response;
    if (codes !== undefined) expect(codes, operation.operationId).toContain(JSON.parse(text).code);
  };
}

/** The document as it would be if no later version added anything. */
function closed(node: unknown, key = ''): unknown {
  if (Array.isArray(node)) return node.map((each) => closed(each));
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, closed(value, name)]));
  if (Array.isArray(copy['x-extensible-enum'])) {
    const words = copy['x-extensible-enum'];
    copy.enum = Array.isArray(copy.type) ? [...words, null] : words;
  }
  // Of these two nobody can list the fields: they are another document’s, and the facts of any error.
  if (copy.additionalProperties === true && key !== 'OpenApiDocument' && key !== 'Problem')
    copy.additionalProperties = false;
  return copy;
}
