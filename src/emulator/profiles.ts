import { appleProfile } from './apple-profile.ts';
import { fcmProfile } from './fcm-profile.ts';
import { genericProfile, mozillaProfile } from './mozilla-profile.ts';
import type { Profile, ProfileName } from './profile.ts';
import { wnsProfile } from './wns-profile.ts';

/** Every push service there is to play, by name. */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  generic: genericProfile,
  fcm: fcmProfile,
  mozilla: mozillaProfile,
  apple: appleProfile,
  wns: wnsProfile,
};
