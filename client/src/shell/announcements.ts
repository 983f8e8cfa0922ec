/**
 * What the people who run the study say to this participant: over whatever they do, until they put
 * it away. It takes neither the focus nor a key. Knows no socket.
 */

import { h } from '../dom.ts';
import '../style/announcement.css';
import { text } from '../text.ts';
import type { Announcement, Seen } from '../wire.gen.ts';

export interface Announcements {
  /** The same one may come again: after a reconnect, or because an answer was lost. */
  hear(said: Announcement): void;
}

/** `seen` tells the server what has become of one; `call` makes who looks elsewhere look here. */
export function announcements(
  seen: (what: Seen) => void,
  call: (title: string) => void,
): Announcements {
  const known = new Set<string>();
  const region = h('div', {
    class: 'announcements',
    attrs: { role: 'log', 'aria-live': 'polite', 'aria-label': text.announcement.from },
  });
  document.body.append(region);

  const show = ({ id, text: words }: Announcement): void => {
    const away = h('button', {
      class: 'button primary',
      text: text.announcement.read,
      attrs: { type: 'button' },
      on: {
        click: () => {
          note.remove();
          seen({ id, read: true });
        },
      },
    });
    const note = h(
      'div',
      { class: 'announcement' },
      h('p', { class: 'announcement-from', text: text.announcement.from }),
      h('p', { class: 'announcement-text', text: words }),
      away,
    );
    region.append(note);
    // It counts as shown once somebody can see it.
    if (!document.hidden) return seen({ id, read: false });
    call(text.announcement.title);
    const looked = (): void => {
      if (document.hidden) return;
      document.removeEventListener('visibilitychange', looked);
      seen({ id, read: false });
    };
    document.addEventListener('visibilitychange', looked);
  };

  return {
    hear(said) {
      if (known.has(said.id)) return;
      known.add(said.id);
      show(said);
    },
  };
}
