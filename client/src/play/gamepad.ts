/**
 * A gamepad: its buttons hold keys like fingers do, its sticks are points. Knows no socket.
 *
 * The browser tells of no change, so it is looked at once per paint.
 */

import { now_ms } from '../clock.ts';
import type { GameView, PadButton } from '../wire.gen.ts';
import type { HeldKeys } from './keys.ts';
import { paced } from './pacing.ts';
import { LEFT_STICK, RIGHT_STICK, type Points } from './points.ts';

/** What of the browser's `Gamepad` is looked at. */
export interface Pad {
  readonly buttons: readonly { readonly pressed: boolean }[];
  readonly axes: readonly number[];
}

const FIRST_OF_STICK = 17; // up, down, left, right
const AS_BUTTON = 0.5; // a stick that far from its middle is pressed
const STILL = 0.08; // worn sticks never rest in the very middle
const STEPS = 50; // per direction: finer is the trembling of a thumb

const pressed = ({ buttons, axes }: Pad, button: number): boolean => {
  const [x = 0, y = 0] = axes;
  const stick = [y < -AS_BUTTON, y > AS_BUTTON, x < -AS_BUTTON, x > AS_BUTTON];
  return stick[button - FIRST_OF_STICK] ?? buttons[button]?.pressed ?? false;
};

/** The keys that are held on that pad, as a mask. */
export function heldBy(pad: Pad, buttons: readonly PadButton[]): number {
  let mask = 0;
  for (const { button, keys } of buttons)
    if (pressed(pad, button)) for (const index of keys) mask |= 1 << index;
  return mask >>> 0;
}

/** Tell `points` where the sticks are. True if one has moved. */
export function sticks(pad: Pad, points: Points, at: number): boolean {
  const place = (axis: number): number => Math.round((pad.axes[axis] ?? 0) * STEPS) / STEPS;
  const one = (device: number, x: number, y: number): boolean =>
    Math.hypot(x, y) < STILL ? points.away(device, at) : points.move(device, x, y, false, at);
  const left = one(LEFT_STICK, place(0), place(1));
  return one(RIGHT_STICK, place(2), place(3)) || left;
}

/** Feed `held` from whichever gamepad is there. Returns how to stop. */
export function gamepad(
  view: GameView,
  held: HeldKeys,
  every_ms: number,
  changed: () => void,
): () => void {
  if (view.buttons.length === 0 && !view.sticks) return () => undefined;
  const pace = paced(every_ms, changed);
  const none: Pad = { buttons: [], axes: [] };
  const look = (): void => {
    const pads = navigator.getGamepads().filter((one) => one?.connected);
    const pad = pads.find((one) => one?.mapping === 'standard') ?? pads[0] ?? none;
    if (held.hold('gamepad', heldBy(pad, view.buttons), now_ms())) changed();
    if (view.sticks && sticks(pad, held.points, now_ms())) pace.soon();
    request = requestAnimationFrame(look);
  };
  let request = requestAnimationFrame(look);
  return () => {
    cancelAnimationFrame(request);
    pace.stop();
  };
}
