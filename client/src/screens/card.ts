/** A sentence and what to do: errors, and the tab that was replaced. */

import { button, h } from '../dom.ts';

export interface Message {
  title: string;
  text: string;
  hint?: string;
  /** Small print, for whoever helps. */
  note?: string;
}

export interface Choice {
  label: string;
  click: () => void;
}

export function card(message: Message, choices: Choice[]): HTMLElement {
  return h(
    'section',
    { class: 'card' },
    h('h1', { text: message.title }),
    h('p', { class: 'lead', text: message.text }),
    message.hint ? h('p', { text: message.hint }) : null,
    choices.length > 0
      ? h(
          'div',
          { class: 'actions' },
          ...choices.map((choice) => button(choice.label, 'primary', choice.click)),
        )
      : null,
    message.note ? h('p', { class: 'note', text: message.note }) : null,
  );
}
