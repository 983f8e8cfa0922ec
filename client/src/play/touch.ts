/**
 * On-screen buttons for thumbs. Knows no socket.
 *
 * A finger holds the button it is over, so a thumb can slide from one to the next; each
 * finger counts by itself.
 */

import { at_ms } from '../clock.ts';
import { h, listen } from '../dom.ts';
import type { TouchKey } from '../wire.gen.ts';
import type { HeldKeys } from './keys.ts';

const SLACK_PX = 14; // thumbs are imprecise

export function touchPad(keys: readonly TouchKey[], held: HeldKeys, changed: () => void) {
  const buttons = keys.map((key) => {
    const mask = key.keys.reduce((bits, index) => bits | (1 << index), 0) >>> 0;
    const wide = key.label.length > 2 ? ' wide' : '';
    const element = h('div', { class: `pad-key${wide}`, text: key.label });
    return { element, mask, side: key.side };
  });
  const side = (name: string): HTMLElement =>
    h(
      'div',
      { class: `pad-side ${name}` },
      ...buttons.filter((b) => (b.side === 'right') === (name === 'right')).map((b) => b.element),
    );
  const root = h(
    'div',
    { class: 'pad', attrs: { 'aria-hidden': 'true' } },
    side('left'),
    side('right'),
  );
  if (buttons.length === 0) root.hidden = true;

  type Button = (typeof buttons)[number];
  const fingers = new Map<number, Button | undefined>(); // on the pad, over which button

  const under = (x: number, y: number) =>
    buttons.find(({ element }) => {
      const box = element.getBoundingClientRect();
      return (
        x >= box.left - SLACK_PX &&
        x <= box.right + SLACK_PX &&
        y >= box.top - SLACK_PX &&
        y <= box.bottom + SLACK_PX
      );
    });
  const show = (): void => {
    const on = new Set(fingers.values());
    for (const one of buttons) one.element.classList.toggle('on', on.has(one));
  };
  const move = (event: PointerEvent, over: Button | undefined): void => {
    fingers.set(event.pointerId, over);
    show();
    const source = `finger ${event.pointerId}`;
    if (held.hold(source, over?.mask ?? 0, at_ms(event.timeStamp))) changed();
  };
  const lift = (event: PointerEvent): void => {
    if (!fingers.has(event.pointerId)) return;
    move(event, undefined);
    fingers.delete(event.pointerId);
  };

  root.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    move(event, under(event.clientX, event.clientY));
  });
  root.addEventListener('contextmenu', (event) => event.preventDefault());
  const stops = [
    listen(window, 'pointermove', (event) => {
      if (!fingers.has(event.pointerId)) return;
      const over = under(event.clientX, event.clientY);
      if (over !== fingers.get(event.pointerId)) move(event, over);
    }),
    listen(window, 'pointerup', lift),
    listen(window, 'pointercancel', lift),
    listen(window, 'blur', () => {
      fingers.clear(); // the keyboard's own blur lets go of the keys
      show();
    }),
  ];
  return { root, stop: () => stops.forEach((stop) => stop()) };
}
