/** "Stop taking part": asks once whether the data may be kept. The easy way out is to go on. */

import { busy, button, h } from '../dom.ts';
import type { Context } from '../screens/screen.ts';
import '../style/dialog.css';
import { text } from '../text.ts';

let open: HTMLDialogElement | null = null;

export function askToStop({ mail, shell }: Context): void {
  if (open?.isConnected) return;
  const before = document.activeElement;
  const stop = (keep: boolean, pressed: HTMLElement): void => {
    busy(pressed, true);
    void mail.put({ event: 'withdraw', payload: { keep } }).then(() => dialog.close());
  };
  const keep = button(text.stop.keep, 'quiet', () => stop(true, keep));
  const discard = button(text.stop.discard, 'quiet', () => stop(false, discard));
  const cancel = button(text.stop.cancel, 'primary', () => dialog.close());
  const dialog: HTMLDialogElement = h(
    'dialog',
    { class: 'dialog', attrs: { 'aria-labelledby': 'stop' } },
    h('h2', { text: text.stop.title, id: 'stop' }),
    h('p', { text: text.stop.text }),
    h('p', { class: 'dialog-question', text: text.stop.question }),
    h('div', { class: 'dialog-actions' }, keep, discard),
    h('div', { class: 'dialog-actions cancel' }, cancel),
  );
  dialog.addEventListener('close', () => {
    dialog.remove();
    stopWatching();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  });
  const stopWatching = shell.whenUnstoppable(() => dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  cancel.focus();
  open = dialog;
}
