/** A VAPID public key as browsers hold it, in the form that the service gives it: base64url without padding. */
export function base64urlOf(key: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(key)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
