/** What is on screen before there is anything to show: the shape of a page, breathing. */

import { h } from '../dom.ts';
import { text } from '../text.ts';

export function skeleton(): HTMLElement {
  return h(
    'div',
    { class: 'skeleton', attrs: { role: 'status', 'aria-label': text.loading } },
    h('div', { class: 'bone head' }),
    h('div', { class: 'bone' }),
    h('div', { class: 'bone' }),
    h('div', { class: 'bone short' }),
  );
}
