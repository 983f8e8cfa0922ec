/** The way between two frames. Pure; knows no canvas. */

import type { Entry, Thing } from './frames.ts';

const TURN = 10_000; // an angle's unit: 1/10,000 of a turn

const mix = (a: number, b: number, part: number): number => a + (b - a) * part;

/** The short way round. */
export function mixAngle(a: number, b: number, part: number): number {
  const away = ((((b - a) % TURN) + TURN * 1.5) % TURN) - TURN / 2;
  return a + away * part;
}

/**
 * `entry` at `part` (0 to 1) of the way from the frame before to the newest one.
 *
 * `serial` is that of the newest frame: an object that did not change in it stands still.
 * The answer may be `scratch`, overwritten at the next call.
 */
export function glide(entry: Entry, serial: number, part: number, scratch: Thing): Thing {
  const { was, now } = entry;
  if (part >= 1 || was === null || now.snap || entry.serial !== serial) return now;
  Object.assign(scratch, now);
  scratch.x = mix(was.x, now.x, part);
  scratch.y = mix(was.y, now.y, part);
  scratch.w = mix(was.w, now.w, part);
  scratch.h = mix(was.h, now.h, part);
  scratch.r = mix(was.r, now.r, part);
  scratch.opacity = mix(was.opacity, now.opacity, part);
  scratch.angle = mixAngle(was.angle, now.angle, part);
  if (was.points.length === now.points.length && was.points !== now.points)
    scratch.points = now.points.map((value, i) => mix(was.points[i] ?? value, value, part));
  return scratch;
}
