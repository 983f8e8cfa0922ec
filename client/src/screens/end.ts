/** Thanks, the completion code, and the way back to where the participant came from. */

import { button, h } from '../dom.ts';
import { text } from '../text.ts';
import type { EndView } from '../wire.gen.ts';
import type { Screen } from './screen.ts';

const COPIED_MS = 2_000;

export const end: Screen<EndView> = (context, first) => {
  const root = h('div', { class: 'page end' });
  let shown = '';

  const fill = (view: EndView): void => {
    if (shown === JSON.stringify(view)) return;
    shown = JSON.stringify(view);
    const article = h('article', { class: 'prose' });
    article.innerHTML = view.html; // sanitised when the package was compiled
    root.replaceChildren(
      ...(view.reason ? [h('p', { class: 'reason', text: view.reason })] : []),
      article,
      ...(view.code ? [code(view.code)] : []),
      ...(webAddress(view.redirect) ? [onward(view.redirect)] : []),
      ...(webAddress(view.redirect) ? [] : [h('p', { class: 'note', text: text.end.close })]),
    );
  };

  const code = (value: string): HTMLElement => {
    const shownCode = h('output', { class: 'code', text: value, id: 'code' });
    const copy = button(text.end.copy, 'quiet', async () => {
      try {
        await navigator.clipboard.writeText(value);
        copy.textContent = text.end.copied;
        context.shell.announce(text.end.copied);
        setTimeout(() => (copy.textContent = text.end.copy), COPIED_MS);
      } catch {
        getSelection()?.selectAllChildren(shownCode); // no clipboard without https
        context.shell.toast(text.end.copyFailed);
      }
    });
    return h(
      'section',
      { class: 'code-card' },
      h('label', { text: text.end.code, attrs: { for: 'code' } }),
      h('div', { class: 'code-row' }, shownCode, copy),
    );
  };

  fill(first.view);
  return { root, update: (state) => fill(state.view), close: () => undefined };
};

function onward(address: string): HTMLElement {
  const link = h('a', {
    class: 'button primary',
    text: text.end.redirect(new URL(address).host),
    attrs: { href: address, rel: 'noreferrer' },
  });
  return h('div', { class: 'actions' }, link);
}

const webAddress = (address: string): boolean =>
  URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
