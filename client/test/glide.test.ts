import { expect, it } from 'vitest';
import type { Entry, Thing } from '../src/canvas/frames.ts';
import { glide, mixAngle } from '../src/canvas/glide.ts';

const thing = (over: Partial<Thing>) =>
  ({ x: 0, y: 0, w: 0, h: 0, r: 0, angle: 0, points: [], snap: false, ...over }) as Thing;
const entry = (was: Thing | null, now: Thing): Entry => ({ handle: 0, was, now, serial: 3 });
const scratch = {} as Thing;

it('half way is half way', () => {
  const moved = entry(thing({ x: 100, r: 10 }), thing({ x: 200, r: 20 }));
  expect(glide(moved, 3, 0.5, scratch)).toMatchObject({ x: 150, r: 15 });
});

it('fades by halves too', () => {
  const faded = entry(thing({ opacity: 10_000 }), thing({ opacity: 0 }));
  expect(glide(faded, 3, 0.5, scratch).opacity).toBe(5_000);
});

it('leaves both ends as they were', () => {
  const moved = entry(thing({ points: [0, 0] }), thing({ points: [10, 20] }));
  expect(glide(moved, 3, 0.5, scratch).points).toEqual([5, 10]);
  expect(moved.was?.points).toEqual([0, 0]);
  expect(moved.now.points).toEqual([10, 20]);
});

it('does not move what jumps, is new, or stood still in the newest frame', () => {
  const jumps = entry(thing({ x: 100 }), thing({ x: 200, snap: true }));
  expect(glide(jumps, 3, 0.5, scratch).x).toBe(200);
  expect(glide(entry(null, thing({ x: 200 })), 3, 0.5, scratch).x).toBe(200);
  expect(glide(entry(thing({ x: 100 }), thing({ x: 200 })), 4, 0.5, scratch).x).toBe(200);
});

it('does not mix shapes with another number of corners', () => {
  const grown = entry(thing({ points: [0, 0] }), thing({ points: [1, 1, 2, 2] }));
  expect(glide(grown, 3, 0.5, scratch).points).toEqual([1, 1, 2, 2]);
});

it('turns the short way round', () => {
  expect(mixAngle(9_900, 100, 0.5) % 10_000).toBe(0);
  expect(mixAngle(100, 9_900, 0.5)).toBe(0);
  expect(mixAngle(0, 2_500, 0.5)).toBe(1_250);
});
