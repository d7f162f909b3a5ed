import { createPreferences } from './own-preferences.ts';
import { preferencesForm } from './preferences-form.ts';
import { BellhopError } from './public.ts';

// What a settings page loads, beside `bellhop.js`: most pages have none, and need none of this.
export { BellhopError, createPreferences, preferencesForm };
