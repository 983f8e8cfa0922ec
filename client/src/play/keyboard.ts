/** Keyboard events as a bit mask. Knows no socket. */

import { at_ms } from '../clock.ts';
import { listen } from '../dom.ts';
import { keyIndex, type HeldKeys } from './keys.ts';

/** True where a key belongs to the form control that has the focus. */
function typing(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, button, a, .asking') !== null
  );
}

/** Feed `held` from the keyboard; `changed` after every change. Returns how to stop. */
export function keyboard(names: readonly string[], held: HeldKeys, changed: () => void) {
  const down = new Map<string, number>(); // physical key -> index it was pressed as

  const mask = (): number => {
    let bits = 0;
    for (const index of down.values()) bits |= 1 << index;
    return bits >>> 0;
  };
  const tell = (at: number): void => {
    if (held.hold('keyboard', mask(), at)) changed();
  };
  const release = (): void => {
    down.clear();
    if (held.release(at_ms(performance.now()))) changed();
  };

  const stops = [
    listen(window, 'keydown', (event) => {
      if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      const index = keyIndex(names, event.key, event.code);
      if (index < 0) return;
      event.preventDefault();
      if (event.repeat) return;
      down.set(event.code, index);
      tell(at_ms(event.timeStamp));
    }),
    listen(window, 'keyup', (event) => {
      if (down.delete(event.code)) tell(at_ms(event.timeStamp));
    }),
    listen(window, 'blur', release),
    listen(document, 'visibilitychange', () => document.hidden && release()),
  ];
  return () => stops.forEach((stop) => stop());
}
