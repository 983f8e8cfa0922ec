/** The server's own address: nothing to take part in, or what is open while developing. */

import { h } from '../dom.ts';
import { text } from '../text.ts';

export function landing(experiments: readonly string[]): HTMLElement {
  const links = experiments.map((name) =>
    h(
      'a',
      { class: 'button quiet', attrs: { href: `/e/${encodeURIComponent(name)}?new` } },
      name.replaceAll('_', ' '),
    ),
  );
  return h(
    'section',
    { class: 'card' },
    h('h1', { text: text.index.title }),
    h('p', { class: 'lead', text: links.length > 0 ? text.index.open : text.index.none }),
    h('div', { class: 'actions' }, ...links),
  );
}
