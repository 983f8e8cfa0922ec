/** Something to read, and one button. */

import { busy, button, h } from '../dom.ts';
import type { PageView } from '../wire.gen.ts';
import { advance, advancing } from './advance.ts';
import type { Screen } from './screen.ts';

const STUCK_MS = 8_000; // a next screen that has not come by then is asked for again

export const page: Screen<PageView> = (context, first) => {
  let state = first;
  let timer = 0;
  const note = h('p', { class: 'reason', attrs: { role: 'status' } });
  const article = h('article', { class: 'prose' });
  const next = button(first.view.button, 'primary', () => void wait(advance(context, state)));
  const root = h('div', { class: 'page' }, note, article, h('div', { class: 'actions' }, next));

  const wait = async (sent: Promise<boolean | null>): Promise<void> => {
    busy(next, true);
    if (!(await sent)) return busy(next, false);
    timer = window.setTimeout(() => busy(next, false), STUCK_MS);
  };
  const fill = (): void => {
    article.innerHTML = state.view.html; // sanitised when the package was compiled
    next.textContent = state.view.button;
    note.textContent = state.view.note;
    note.hidden = state.view.note === '';
  };
  fill();
  void wait(advancing(context, state));
  return {
    root,
    update(said) {
      const { html, button, note } = state.view;
      const same =
        said.view.html === html && said.view.button === button && said.view.note === note;
      if (said.version !== state.version) busy(next, false);
      state = said;
      if (!same) fill();
    },
    close: () => clearTimeout(timer),
  };
};
