/**
 * Mouse, finger or pen over the stage. Knows no socket.
 *
 * Pressing and letting go are told at once, moves no more often than the game can use them.
 */

import { at_ms } from '../clock.ts';
import { listen } from '../dom.ts';
import { paced } from './pacing.ts';
import { POINTER, type Points } from './points.ts';

export function pointer(
  stage: HTMLElement,
  points: Points,
  every_ms: number,
  changed: () => void,
): () => void {
  const pace = paced(every_ms, changed);
  let down = false;

  const move = (event: PointerEvent): boolean => {
    const box = stage.getBoundingClientRect();
    const x = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const y = Math.min(1, Math.max(0, (event.clientY - box.top) / box.height));
    return points.move(POINTER, x, y, down, at_ms(event.timeStamp));
  };
  const leave = (event: PointerEvent): void => {
    down = false;
    if (points.away(POINTER, at_ms(event.timeStamp))) changed();
  };
  const stops = [
    listen(stage, 'pointerdown', (event) => {
      if (!event.isPrimary || event.button !== 0) return;
      event.preventDefault();
      stage.setPointerCapture(event.pointerId); // so that letting go is heard anywhere
      down = true;
      if (move(event)) changed();
    }),
    listen(stage, 'pointermove', (event) => {
      if (event.isPrimary && move(event)) pace.soon();
    }),
    listen(stage, 'pointerup', (event) => {
      if (!event.isPrimary || event.button !== 0) return;
      down = false;
      if (move(event)) changed();
      if (event.pointerType !== 'mouse') leave(event); // a finger that is lifted is nowhere
    }),
    listen(stage, 'pointercancel', (event) => event.isPrimary && leave(event)),
    listen(stage, 'pointerleave', (event) => event.isPrimary && !down && leave(event)),
    listen(stage, 'contextmenu', (event) => event.preventDefault()),
  ];
  return () => {
    pace.stop();
    stops.forEach((stop) => stop());
  };
}
