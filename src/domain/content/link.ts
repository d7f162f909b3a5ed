/** In UTF-16 units. */
export const MAX_LINK_LENGTH = 2048;

/** What a notification may link to. A leading `//` or `/\` would name a host of whatever scheme the page has. */
export function isLink(text: string): boolean {
  return /^(https?:\/\/|\/(?![/\\]))[^\s\p{Cc}]*$/iu.test(text) && URL.canParse(text, 'https://page.invalid');
}
