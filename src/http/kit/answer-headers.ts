/**
 * On every answer that does not say otherwise itself. Answers are for their caller alone, so no cache keeps one (RFC 9111
 * section 5.2.2.5); and no browser takes an answer, which may quote what was sent, for a page or a script.
 */
export const ANSWER_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' } as const;
