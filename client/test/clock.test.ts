import { expect, it } from 'vitest';
import { Clock } from '../src/clock.ts';
import { random } from './random.ts';

it('knows nothing before the first probe', () => {
  const clock = new Clock();
  expect(clock.rtt).toBeNull();
  expect(clock.offset).toBeNull();
  expect(clock.server(1_000)).toBe(1_000);
});

it('finds the offset although most probes were held up on one way', () => {
  const rnd = random(3);
  const clock = new Clock();
  const offset = 123_456;
  for (let i = 0; i < 15; i++) {
    const sent = i * 2_000;
    const there = 10 + (i % 5 === 0 ? 0 : rnd() * 200); // queues, on the way there only
    clock.hear(sent, sent + there + offset, sent + there + 10);
  }
  expect(clock.offset).toBeCloseTo(offset, 0);
});

it('follows a clock that has jumped, once the old probes are out of the window', () => {
  const clock = new Clock();
  for (let i = 0; i < 15; i++) clock.hear(0, 5, 10);
  for (let i = 0; i < 15; i++) clock.hear(0, 1_010, 20);
  expect(clock.offset).toBe(1_000);
});

it('smooths the round trip for showing', () => {
  const clock = new Clock();
  clock.hear(0, 0, 100);
  clock.hear(0, 0, 200);
  expect(clock.rtt).toBeCloseTo(130);
});

it('forgets all of it for another server', () => {
  const clock = new Clock();
  clock.hear(0, 50, 100);
  clock.reset();
  expect(clock.rtt).toBeNull();
  expect(clock.offset).toBeNull();
});
