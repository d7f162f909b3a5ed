import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Operators } from '../../access/operators.ts';
import { AppError } from '../../domain/app-error.ts';
import type { OperatorSession } from '../../domain/operator/operator.ts';
import { type Audit, onRecord } from '../kit/audited.ts';
import { PROBLEMS } from '../kit/problem.ts';
import { type BodyReader, mayHaveBody, wholeOf } from '../kit/raw-body.ts';
import type { ApiContext, ApiEnv } from '../kit/request-context.ts';
import { PAGE_HEADERS } from '../pages/page-headers.ts';
import { keepCookie, readCookie } from './cookies.ts';
import { doneWords } from './done-words.ts';
import { type Html, type PageFrame, pageOf } from './layout.ts';
import { messagePage } from './message-page.ts';
import { demandOwnOrigin } from './same-origin.ts';

/** The path of the console. Every page and file of it is one level below. */
export const CONSOLE_PATH = '/console';

/** A request of somebody who is signed in. */
export type Visit = {
  readonly c: ApiContext;
  readonly session: OperatorSession;
  /** A parameter of the address; empty where it is not there. */
  readonly query: (name: string) => string;
};

/** What a person sent with a form, by the name of each field; empty where it is not there. */
export type Form = { readonly get: (name: string) => string; readonly all: (name: string) => readonly string[] };

/** A page to show, or the one to go to. */
type Shown = Omit<PageFrame, 'session' | 'done'> & { readonly status?: 200 | 400 };
type Page = Shown | { readonly redirect: string };

type ActionOf = {
  readonly name: string;
  /** Null for a form that only asks. */
  readonly operation: string | ((form: Form) => string | null);
  readonly target: string;
};

/** The page that is shown where it is refused, with what was typed; left out: a page that says why. */
type WhenRefused = (form: Form, error: AppError, visit: Visit) => Shown | Promise<Shown>;

/** The routes of the console: who may come in, and the headers of every answer. */
export type ConsoleRoutes = {
  /** A page for those who are signed in. Others are led to sign in, and come back. */
  page(name: string, render: (visit: Visit) => Promise<Page>): void;
  /**
   * What an operator does, on record as the operation of the API that it is, with the field of the form that has its target. It gives
   * the page to go to next, or to show at once.
   */
  action(of: ActionOf, act: (visit: Visit, form: Form) => Promise<string | Shown>, whenRefused?: WhenRefused): void;
  /** As a page, for what goes on and on. */
  stream(name: string, open: (c: ApiContext, session: OperatorSession) => Promise<Response>): void;
  /** Open to everybody. */
  open(method: 'get' | 'post', name: string, answer: (c: ApiContext, form: Form) => Promise<Response>): void;
};

const CSP = PAGE_HEADERS['Content-Security-Policy'].replace("form-action 'none'", "form-action 'self'");

const HEADERS = {
  ...PAGE_HEADERS,
  'Content-Security-Policy': `${CSP}; require-trusted-types-for 'script'`,
  // With `no-referrer` a browser says `Origin: null` of our own forms, too.
  'Referrer-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

const MAX_FORM_OCTETS = 256 * 1024;
const NO_FORM: Form = { get: () => '', all: () => [] };

const VIEWERS_LOOK = 'You are signed in as a viewer, who changes nothing. An operator’s link lets you do this.';

type RouteOptions = { readonly operators: Operators; readonly bodies: BodyReader; readonly recorder: Audit };

/** Collects routes on this app, below `/console/`. */
export function consoleRoutes(app: OpenAPIHono<ApiEnv>, { operators, bodies, recorder }: RouteOptions): ConsoleRoutes {
  const on = (method: 'get' | 'post', name: string, answer: (c: ApiContext) => Promise<Response>): void => {
    const path = `${CONSOLE_PATH}/${name}`;
    app.on(method, path, async (c) => {
      c.set('route', path);
      try {
        return await answer(c);
      } catch (error) {
        if (!(error instanceof AppError) || error.code === 'internal_error') throw error;
        return refusal(c, error);
      }
    });
  };
  return {
    page(name, render) {
      on('get', name, async (c) => {
        const session = await sessionOf(c, operators);
        if (session === null) return c.req.header('sec-fetch-site') === 'cross-site' ? comeAgain(c) : leadToSignIn(c);
        return shownPage(c, session, await render(visitOf(c, session)));
      });
    },
    action({ name, operation, target }, act, whenRefused) {
      on('post', name, async (c) => {
        demandOwnOrigin(c);
        const session = await sessionOf(c, operators);
        if (session === null) return redirect(c, 'sign-in');
        if (session.role !== 'operator') throw new AppError('viewer_changes_nothing', VIEWERS_LOOK);
        const form = await readForm(c, bodies);
        const action = typeof operation === 'string' ? operation : operation(form);
        const work = () => act(visitOf(c, session), form);
        const entry = { by: 'operator', who: session.name, target: form.get(target) } as const;
        try {
          const next = action === null ? await work() : await onRecord(recorder, c, { ...entry, action }, work);
          return typeof next === 'string' ? redirect(c, next) : shownPage(c, session, next);
        } catch (error) {
          if (whenRefused === undefined || !(error instanceof AppError) || error.code === 'internal_error') throw error;
          c.set('code', error.code);
          return shownPage(c, session, { ...(await whenRefused(form, error, visitOf(c, session))), status: 400 });
        }
      });
    },
    stream(name, open) {
      on('get', name, async (c) => {
        const session = await sessionOf(c, operators);
        if (session === null) throw new AppError('sign_in_refused', 'Nobody is signed in here.');
        return open(c, session);
      });
    },
    open(method, name, answer) {
      on(method, name, async (c) => {
        if (method === 'get') return answer(c, NO_FORM);
        demandOwnOrigin(c);
        return answer(c, await readForm(c, bodies));
      });
    },
  };
}

function shownPage(c: ApiContext, session: OperatorSession, page: Page): Promise<Response> | Response {
  if ('redirect' in page) return redirect(c, page.redirect);
  const { status = 200, ...frame } = page;
  return htmlAnswer(c, pageOf({ ...frame, session, done: doneWords(c.req.query('done')) }), status);
}

/** Who looks; null where nobody is signed in. */
async function sessionOf(c: ApiContext, operators: Operators): Promise<OperatorSession | null> {
  const token = readCookie(c, 'session');
  const session = token === undefined ? null : await operators.find(token);
  if (session !== null) c.set('operator', session.name);
  return session;
}

/** Keeps the session in the browser, in place of any that was there. */
export async function openSession(c: ApiContext, operators: Operators, token: string): Promise<void> {
  const former = readCookie(c, 'session');
  if (former !== undefined) await operators.signOut(former);
  keepCookie(c, 'session', token);
}

export async function htmlAnswer(
  c: ApiContext,
  page: Html,
  status: 200 | 400 | 401 | 403 | 404 | 409 | 429 | 503 = 200,
) {
  return c.html(await page, status, HEADERS);
}

/** To another page of the console, by its name; relative, so that it holds below a proxy's path, too. */
export function redirect(c: ApiContext, to: string): Response {
  return c.body(null, 303, { ...HEADERS, Location: to });
}

function visitOf(c: ApiContext, session: OperatorSession): Visit {
  return { c, session, query: (name) => c.req.query(name) ?? '' };
}

function leadToSignIn(c: ApiContext): Response {
  const asked = c.req.url.slice(c.req.url.indexOf(`${CONSOLE_PATH}/`) + CONSOLE_PATH.length + 1);
  return redirect(c, asked === 'overview' ? 'sign-in' : `sign-in?to=${encodeURIComponent(asked)}`);
}

/** A browser keeps the session to itself where a link on another site leads here (SameSite=Strict); from our own page it does not. */
function comeAgain(c: ApiContext): Promise<Response> {
  const asked = c.req.url.slice(c.req.url.indexOf(`${CONSOLE_PATH}/`) + CONSOLE_PATH.length + 1);
  const page = messagePage({ title: 'One moment', text: 'The console opens.', next: asked, refreshes: true });
  return htmlAnswer(c, page);
}

function refusal(c: ApiContext, error: AppError): Promise<Response> {
  c.set('code', error.code);
  const { title, status } = PROBLEMS[error.code];
  return htmlAnswer(c, messagePage({ title, text: error.message, next: 'overview' }), shown(status));
}

function shown(status: number): 400 | 401 | 403 | 404 | 409 | 429 | 503 {
  const known = [400, 401, 403, 404, 409, 429, 503] as const;
  return known.find((each) => each === status) ?? 400;
}

async function readForm(c: ApiContext, bodies: BodyReader): Promise<Form> {
  if (!mayHaveBody(c)) return NO_FORM;
  const body = await bodies.receive(c, { mostOctets: MAX_FORM_OCTETS, isUnverified: true });
  try {
    // Line feeds come as two characters from forms (HTML section 4.10.22.7).
    const fields = new URLSearchParams(new TextDecoder().decode(wholeOf(body)));
    const clean = (text: string): string => text.replaceAll('\r\n', '\n');
    return {
      get: (name) => clean(fields.get(name) ?? ''),
      all: (name) => fields.getAll(name).map(clean),
    };
  } finally {
    body.letGo();
  }
}
