/** The question "Are you there?" on top of whatever is on screen, while there is time to answer. */

import { chime } from '../chime.ts';
import { button, h, say } from '../dom.ts';
import type { Context } from '../screens/screen.ts';
import '../style/dialog.css';
import { text } from '../text.ts';

const AGAIN_MS = 4_000; // the sound is repeated: they are most likely in another window

export interface Ask {
  close(): void;
}

export function askPresence(
  { clock, shell }: Context,
  until_ms: number,
  here: () => void,
  over: () => void,
): Ask {
  const left = h('p', { class: 'dialog-left', attrs: { 'aria-hidden': 'true' } });
  const bar = h('i');
  const yes = button(text.presence.button, 'primary', here);
  const dialog = h(
    'dialog',
    { class: 'dialog presence', attrs: { 'aria-labelledby': 'presence', role: 'alertdialog' } },
    h('h2', { text: text.presence.title, id: 'presence' }),
    h('p', { text: text.presence.text }),
    yes,
    h('div', { class: 'dialog-bar' }, bar),
    left,
  );
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  const before = document.activeElement;
  document.body.append(dialog);
  dialog.showModal();
  yes.focus();
  shell.announce(text.presence.title);

  const whole = Math.max(1, until_ms - clock.server());
  const tick = (): void => {
    const rest = until_ms - clock.server();
    say(left, text.presence.left(Math.max(0, Math.ceil(rest / 1000))));
    bar.style.setProperty('--part', String(Math.max(0, Math.min(1, rest / whole))));
    if (rest <= 0) over();
  };
  const ticking = setInterval(tick, 250);
  const ringing = setInterval(chime, AGAIN_MS);
  tick();
  return {
    close() {
      clearInterval(ticking);
      clearInterval(ringing);
      dialog.remove();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    },
  };
}
