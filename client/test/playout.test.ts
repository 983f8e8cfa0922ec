import { expect, it } from 'vitest';
import { Playout } from '../src/canvas/playout.ts';
import { random } from './random.ts';

const TICK = 1000 / 30;

it('shows the frame before when a frame arrives on time, and the frame one tick later', () => {
  const playout = new Playout(TICK);
  for (let tick = 0; tick <= 10; tick++) playout.arrive(tick, 500 + tick * TICK);
  const arrival = 500 + 10 * TICK;
  expect(playout.part(9, 10, arrival)).toBeCloseTo(0);
  expect(playout.part(9, 10, arrival + TICK / 2)).toBeCloseTo(0.5);
  expect(playout.part(9, 10, arrival + TICK)).toBeCloseTo(1);
});

it('never leaves the way between two frames', () => {
  const playout = new Playout(TICK);
  playout.arrive(0, 0);
  playout.arrive(1, TICK);
  expect(playout.part(0, 1, 10_000)).toBe(1);
  expect(playout.part(0, 1, -10_000)).toBe(0);
  expect(playout.part(1, 1, TICK)).toBe(1);
});

it('moves evenly although frames arrive unevenly', () => {
  const rnd = random(7);
  const playout = new Playout(TICK);
  const arrivals = Array.from({ length: 300 }, (_, tick) => tick * TICK + 20 + rnd() * 12);
  const steps: number[] = [];
  let newest = -1;
  let last = 0;
  // A display at 60 Hz, once the schedule is known
  for (let now = 0; now < 299 * TICK; now += 1000 / 60) {
    while ((arrivals[newest + 1] ?? Infinity) <= now) {
      newest++;
      playout.arrive(newest, arrivals[newest] ?? 0);
    }
    if (newest < 1) continue;
    const shown = newest - 1 + playout.part(newest - 1, newest, now);
    if (newest > 60) steps.push(shown - last);
    last = shown;
  }
  // Then half a tick per paint, give or take a fifth of a tick
  for (const step of steps) expect(Math.abs(step - 0.5)).toBeLessThan(0.2);
});

it('starts over after a pause', () => {
  const playout = new Playout(TICK);
  playout.arrive(0, 0);
  playout.arrive(1, 5_000);
  expect(playout.part(0, 1, 5_000)).toBeCloseTo(0);
});
