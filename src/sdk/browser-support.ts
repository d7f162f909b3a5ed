import { BellhopError, type UnsupportedReason } from './public.ts';

/** Null where this browser can have push. */
export function unsupportedReason(): UnsupportedReason | null {
  if (!isSecureContext) return 'insecure_context';
  const { serviceWorker, standalone } = navigator as Navigator & { standalone?: boolean };
  if (serviceWorker && 'PushManager' in window && 'Notification' in window) return null;
  // Only Safari on iOS and iPadOS has this property; it is false in a tab.
  return standalone === false ? 'ios_home_screen' : 'no_push';
}

const REMEDIES: Record<UnsupportedReason, string> = {
  insecure_context: 'Push needs a page on https, or on localhost.',
  ios_home_screen:
    'On iPhone and iPad, push works once the page was added to the Home Screen and is opened from there.',
  no_push: 'This browser has no push, or none in a private window.',
};

/** Throws `unsupported`, with the remedy. */
export function requireSupport(): void {
  const reason = unsupportedReason();
  if (reason !== null) throw new BellhopError('unsupported', REMEDIES[reason]);
}

/** Prompts only in answer to a gesture: browsers punish a page, or ignore it, that asks out of the blue. */
export async function requirePermission(): Promise<void> {
  let { permission } = Notification;
  if (permission === 'default') {
    if (navigator.userActivation?.isActive === false) {
      throw new BellhopError('gesture_required', 'Call subscribe() straight from a click or a key press.');
    }
    permission = await Notification.requestPermission();
  }
  if (permission === 'default') throw new BellhopError('permission_dismissed', 'The question was closed unanswered.');
  if (permission === 'denied') {
    throw new BellhopError('permission_denied', 'Notifications are blocked for this site in the browser’s settings.');
  }
}
