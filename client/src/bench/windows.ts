/**
 * Participants' windows, side by side. Each is a frame of its own with a participant of its own:
 * its name keeps its token apart from the others' (join.ts).
 */

import { h } from '../dom.ts';

export interface Windows {
  root: HTMLElement;
  /** Open `count` windows at `address`, each with a new participant. */
  open(address: string, count: number): void;
  close(): void;
}

export function windows(): Windows {
  const root = h('div', { class: 'windows' });
  let opened = 0;

  function pane(address: string, number: number): HTMLElement {
    const frame = h('iframe', {
      attrs: {
        src: `${address}&new`,
        name: `bench-${number}`,
        title: `Participant ${number}`,
        allow: 'autoplay; fullscreen; gamepad',
      },
    });
    const again = h('button', {
      class: 'mini',
      text: 'Reload',
      attrs: { type: 'button', title: 'As if this participant reloaded the page' },
      on: { click: () => frame.contentWindow?.location.reload() },
    });
    const anew = h('button', {
      class: 'mini',
      text: 'New person',
      attrs: { type: 'button', title: 'Another participant in this window' },
      on: { click: () => (frame.src = `${address}&new&n=${++opened}`) },
    });
    const away = h('a', {
      class: 'mini',
      text: 'Own tab',
      attrs: {
        href: `${address}&new`,
        target: '_blank',
        rel: 'noopener',
        title: 'A participant more, in a tab of their own',
      },
    });
    return h(
      'section',
      { class: 'pane', attrs: { 'aria-label': `Window of participant ${number}` } },
      h('header', {}, h('span', { text: `Participant ${number}` }), again, anew, away),
      frame,
    );
  }

  return {
    root,
    open(address, count) {
      const panes = Array.from({ length: count }, (_, i) => pane(address, i + 1));
      root.replaceChildren(...panes);
      root.style.setProperty('--columns', String(Math.min(count, 3)));
    },
    close: () => root.replaceChildren(),
  };
}
