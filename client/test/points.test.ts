import { describe, expect, it } from 'vitest';
import { heldBy, sticks, type Pad } from '../src/play/gamepad.ts';
import { HeldKeys } from '../src/play/keys.ts';
import { LEFT_STICK, POINTER, Points } from '../src/play/points.ts';
import { random } from './random.ts';

describe('points', () => {
  it('tell where the pointer is and that it was pressed and let go', () => {
    const points = new Points();
    points.move(POINTER, 0.5, 0.25, false, 10);
    points.move(POINTER, 0.5, 0.25, true, 11);
    points.move(POINTER, 0.6, 0.25, false, 12);
    expect(points.take()).toEqual({
      spots: [[0, 6000, 2500, false]],
      moves: [
        [0, 5000, 2500, false, 10],
        [0, 5000, 2500, true, 11],
        [0, 6000, 2500, false, 12],
      ],
    });
    expect(points.take()).toEqual({ spots: [[0, 6000, 2500, false]], moves: [] });
  });

  it('thin out moves and never a press', () => {
    const rnd = random(3);
    const points = new Points();
    let down = false;
    let edges = 0;
    for (let at = 0; at < 400; at++) {
      if (rnd() < 0.05) {
        down = !down;
        edges++;
      }
      points.move(POINTER, rnd(), rnd(), down, at);
      if (at % 100 < 99) continue;
      const { moves } = points.take();
      // 100 ms have room for seven moments, and each edge may cut one in two
      expect(moves.length).toBeLessThanOrEqual(7 + 2 * edges);
      let was = moves[0]?.[3];
      let turned = 0;
      for (const move of moves) {
        if (move[3] !== was) turned++;
        was = move[3];
      }
      expect(turned).toBeGreaterThanOrEqual(edges - 1);
      expect(moves.at(-1)?.[4]).toBe(at);
      edges = 0;
    }
  });

  it('are nowhere once the pointer has left, and let go what it pressed', () => {
    const points = new Points();
    points.move(POINTER, 1, 1, true, 1);
    expect(points.away(POINTER, 2)).toBe(true);
    expect(points.away(POINTER, 3)).toBe(false);
    expect(points.take()).toEqual({
      spots: [],
      moves: [
        [0, 10000, 10000, true, 1],
        [0, 10000, 10000, false, 2],
      ],
    });
  });

  it('keep no more moves than one message may carry, the newest', () => {
    const points = new Points();
    for (let at = 0; at < 5_000; at += 20) points.move(POINTER, (at % 100) / 100, 0, false, at);
    const { moves } = points.take();
    expect(moves).toHaveLength(64);
    expect(moves.at(-1)?.[4]).toBe(4_980);
  });

  it('travel with the keys', () => {
    const held = new HeldKeys();
    held.points.move(POINTER, 0, 1, false, 5);
    expect(held.take('g', 1)).toMatchObject({
      held: 0,
      spots: [[0, 0, 10_000, false]],
      moves: [[0, 0, 10_000, false, 5]],
    });
  });
});

describe('a gamepad', () => {
  const pad = (axes: number[], ...down: number[]): Pad => ({
    axes,
    buttons: Array.from({ length: 17 }, (_, i) => ({ pressed: down.includes(i) })),
  });
  const buttons = [
    { button: 0, keys: [2] },
    { button: 14, keys: [0] },
    { button: 19, keys: [0] },
    { button: 15, keys: [1, 31] },
  ];

  it.each([
    [pad([0, 0]), 0],
    [pad([0, 0], 0), 0b100],
    [pad([0, 0], 0, 14), 0b101],
    [pad([-0.9, 0]), 0b001], // the stick, to the left
    [pad([-0.3, 0]), 0],
    [pad([0, 0], 15), 2 ** 31 + 2],
    [{ axes: [], buttons: [] }, 0],
  ])('holds the keys of its buttons', (one, mask) => {
    expect(heldBy(one, buttons)).toBe(mask);
  });

  it('moves a point with each stick, and leaves it in the middle', () => {
    const points = new Points();
    expect(sticks(pad([0.05, 0]), points, 1)).toBe(false);
    expect(sticks(pad([0.5, -1, 0, 0]), points, 2)).toBe(true);
    expect(sticks(pad([0.501, -1, 0, 0]), points, 3)).toBe(false);
    expect(points.take().spots).toEqual([[LEFT_STICK, 5000, -10000, false]]);
    expect(sticks(pad([0, 0, 0, 0]), points, 30)).toBe(true);
    expect(points.take()).toEqual({ spots: [], moves: [[LEFT_STICK, 0, 0, false, 30]] });
  });
});
