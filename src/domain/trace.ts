import { createHash } from 'node:crypto';
import type { BellhopEvent } from './events.ts';
import type { Notification } from './notification/notification.ts';

type PageTold = Extract<BellhopEvent, { type: 'fan_out.page' }>;

/** W3C Trace Context, section 3.2: version, trace id, parent id, flags. Later versions may have more behind it. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.{0,200})?$/;

/** What a caller's trace is known by, as version 00 has it; null where the header names none, or is not one. */
export function readTraceparent(header: string | undefined): string | null {
  if (header === undefined || !TRACEPARENT.test(header)) return null;
  const [, traceId, parentId, flags] = header.split('-');
  return `00-${traceId}-${parentId}-${flags}`;
}

/** The 32 hexadecimal digits by which a tracing system finds the trace. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

/** The trace of the span of one attempt: known wherever the attempt is, so that nothing is kept for it. */
export function attemptTraceId(deliveryId: string, number: number): string {
  return createHash('sha256').update(`${deliveryId} ${number}`).digest('hex').slice(0, 32);
}

/** The span of one call. `traceparent` names it for what the call leads to. */
type CallSpan = {
  readonly traceparent: string;
  /** `route` null: no route matched. */
  end(answer: { readonly route: string | null; readonly status: number; readonly requestId: string }): void;
};

/** Begins a span within the caller's trace, or a new trace where `parent` is null. */
export type BeginCall = (method: string, parent: string | null) => CallSpan;

/** What is told of a page of a fan-out: nothing where its call has no trace. */
export function tracedPage(
  { id: notificationId, content: { trace } }: Pick<Notification, 'id' | 'content'>,
  page: Omit<PageTold, 'type' | 'notificationId' | 'trace'>,
): readonly PageTold[] {
  return trace === undefined ? [] : [{ type: 'fan_out.page', notificationId, ...page, trace }];
}
