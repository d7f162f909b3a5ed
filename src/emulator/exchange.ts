import type { RequestListener, ServerResponse } from 'node:http';
import { constants, Http2ServerResponse, type SecureServerOptions, type ServerHttp2Stream } from 'node:http2';

/** The same listener serves both protocols: Node gives HTTP/2 a request and a response in the manner of HTTP/1.1. */
export type Http2Listener = Parameters<typeof import('node:http2').createSecureServer>[1] & {};

/** Real services allow about as many requests at once on one connection. */
export const HTTP2_OPTIONS: SecureServerOptions = { allowHTTP1: true, settings: { maxConcurrentStreams: 100 } };

/** A listener for HTTP/1.1 as one for HTTP/2, whose types differ where this emulator does not look. */
export function forHttp2(listener: RequestListener): Http2Listener {
  return listener as unknown as Http2Listener;
}

/** The HTTP/2 stream of a response; null where it has a connection to itself. */
export function streamOf(response: ServerResponse): ServerHttp2Stream | null {
  const candidate: unknown = response;
  return candidate instanceof Http2ServerResponse ? candidate.stream : null;
}

/** Whether nobody is there any more to be answered. */
export function isAbandoned(response: ServerResponse): boolean {
  return streamOf(response)?.destroyed ?? response.destroyed;
}

/** Breaks an exchange off: by RST_STREAM in HTTP/2, which leaves the other requests alone, else by the connection. */
export function breakOff(response: ServerResponse): void {
  const stream = streamOf(response);
  if (stream === null) response.destroy();
  else if (!stream.destroyed) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
}
