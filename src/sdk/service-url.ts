import { BellhopError, type BellhopOptions } from './public.ts';

/**
 * Where Bellhop is, with a slash at its end. The file that this module is a part of is in `sdk/` under it. Throws
 * `invalid_options`.
 */
export function serviceUrl({ url, token }: Pick<BellhopOptions, 'url' | 'token'>): string {
  if (typeof token !== 'string' && typeof token !== 'function') {
    throw new BellhopError('invalid_options', 'token must be a subscriber token, or a function that gets one.');
  }
  try {
    return new URL(url === undefined ? '..' : url.replace(/\/?$/, '/'), import.meta.url).href;
  } catch (cause) {
    throw new BellhopError('invalid_options', 'url must be the address of Bellhop.', { cause });
  }
}
