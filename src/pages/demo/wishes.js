import { createPreferences, preferencesForm } from '/sdk/preferences.js';

/** Pushes of this page are of this type, and there is no other here. */
const TYPES = [{ pattern: 'bellhop.demo', label: 'What I send myself on this page' }];

/** Puts the SDK’s form of wishes into `place` each time that `details` is opened, with what holds then. */
export function offerWishes(details, place, token) {
  details.ontoggle = () => {
    if (!details.open) return;
    const form = preferencesForm(createPreferences({ token }), { types: TYPES });
    form.querySelector('[type=submit]').className = 'button';
    place.replaceChildren(form);
  };
}
