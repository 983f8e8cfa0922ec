/** What comes next is being decided: the shape of a page, and after a moment a word. */

import { h } from '../dom.ts';
import { text } from '../text.ts';
import type { DecidingView } from '../wire.gen.ts';
import type { Screen } from './screen.ts';
import { skeleton } from './skeleton.ts';

const QUIET_MS = 1_200; // most decisions are there before anybody wonders

export const deciding: Screen<DecidingView> = (context) => {
  const note = h('p', { class: 'note' });
  const timer = window.setTimeout(() => {
    note.textContent = text.deciding;
    context.shell.announce(text.deciding);
  }, QUIET_MS);
  const root = skeleton();
  root.append(note);
  return {
    root,
    update: () => undefined,
    close: () => clearTimeout(timer),
  };
};
