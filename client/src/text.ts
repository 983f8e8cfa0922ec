/** The language in use. Screens import this and never a language by name. */

import { en } from './text.en.ts';

export type Text = typeof en;

/** Each language is a file of its own, fetched when a study is in it. */
const LANGUAGES: Record<string, () => Promise<Text>> = {
  de: () => import('./text.de.ts').then((module) => module.de),
};

export let text: Text = en;

/** Speak that language from now on; English where it is not known, or does not come. */
export async function speak(language: string): Promise<void> {
  text = (await LANGUAGES[language]?.().catch(() => en)) ?? en;
  document.documentElement.lang = text.language;
}
