import type { Caller, CallOptions } from './caller.ts';
import type { LocaleText, NotificationAction, Variables } from './content.ts';
import { pathSegment } from './path-segment.ts';
import type { Page, PageQuery } from './resources.ts';

export type VariableType = 'string' | 'number' | 'boolean' | 'datetime';

/** What a template says. Each variable that a text uses is one of `variables`. */
export type TemplateInput = {
  readonly default_locale: string;
  readonly variables?: Readonly<Record<string, VariableType>> | undefined;
  readonly locales: Readonly<Record<string, LocaleText>>;
};

export type Template = {
  readonly key: string;
  readonly version: number;
  readonly default_locale: string;
  readonly variables: Readonly<Record<string, VariableType>>;
  readonly locales: Readonly<Record<string, LocaleText>>;
  readonly created_at: string;
};

/** A version in a listing, with the names of its locales. */
export type TemplateSummary = Omit<Template, 'locales'> & { readonly locales: readonly string[] };

export type TemplatePreviewInput = {
  readonly variables?: Variables | undefined;
  /** What a reader of it would get; left out, each locale. */
  readonly locale?: string | undefined;
  /** In which dates are shown; left out, the server’s. */
  readonly time_zone?: string | undefined;
};

/** What readers of one locale would get. */
export type TemplatePreview = {
  readonly locale: string;
  readonly dir: string | null;
  readonly title: string;
  readonly body: string | null;
  readonly icon: string | null;
  readonly image: string | null;
  readonly badge: string | null;
  readonly url: string | null;
  readonly actions: readonly NotificationAction[] | null;
  /** Before encryption. */
  readonly payload_octets: number;
};

/** What notifications say, kept under a key. */
export type Templates = {
  /** The newest version of each. */
  list(query?: PageQuery, options?: CallOptions): Promise<Page<TemplateSummary>>;
  get(key: string, query?: { readonly version?: number | undefined }, options?: CallOptions): Promise<Template>;
  versions(key: string, query?: PageQuery, options?: CallOptions): Promise<Page<TemplateSummary>>;
  /** Makes a version, unless the newest one says the same. */
  put(key: string, template: TemplateInput, options?: CallOptions): Promise<Template>;
  delete(key: string, options?: CallOptions): Promise<void>;
  /** Of a template that is kept. */
  preview(
    key: string,
    preview?: TemplatePreviewInput & { readonly version?: number | undefined },
    options?: CallOptions,
  ): Promise<readonly TemplatePreview[]>;
  /** Of one that is not kept yet. */
  previewUnsaved(
    template: TemplateInput,
    preview?: TemplatePreviewInput,
    options?: CallOptions,
  ): Promise<readonly TemplatePreview[]>;
};

/** The calls about templates. */
export function templatesOf(caller: Caller): Templates {
  const get = <Result>(path: string, query = {}, { signal }: CallOptions = {}) =>
    caller<Result>({ method: 'GET', path, query, signal });
  const previewAt = async (path: string, body: unknown, { signal }: CallOptions = {}) =>
    (await caller<{ items: readonly TemplatePreview[] }>({ method: 'POST', path, body, signal })).items;
  const template = (key: string, below = ''): string => `/v1/templates/${pathSegment(key)}${below}`;
  return {
    list: (query, options) => get('/v1/templates', query, options),
    get: async (key, query, options) => get(template(key), query, options),
    versions: async (key, query, options) => get(template(key, '/versions'), query, options),
    put: async (key, input, { signal } = {}) => caller({ method: 'PUT', path: template(key), body: input, signal }),
    async delete(key, { signal } = {}) {
      await caller({ method: 'DELETE', path: template(key), signal });
    },
    preview: async (key, preview = {}, options) => previewAt(template(key, '/preview'), preview, options),
    previewUnsaved: (input, preview, options) =>
      previewAt('/v1/templates/preview', { ...preview, template: input }, options),
  };
}
