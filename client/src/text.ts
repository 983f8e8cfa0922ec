/** The language in use. Screens import this and never a language by name. */

import { en } from './text.en.ts';

export type Text = typeof en;

export const text: Text = en;
