import { describe, expect, it } from 'vitest';
import { HeldKeys, keyIndex } from '../src/play/keys.ts';
import { random } from './random.ts';

describe('held keys', () => {
  it('tell every edge once, with its time', () => {
    const held = new HeldKeys();
    held.hold('keyboard', 0b01, 10);
    held.hold('keyboard', 0b11, 20);
    held.hold('keyboard', 0b10, 30);
    expect(held.take('g', 7)).toEqual({
      game: 'g',
      count: 1,
      seen: 7,
      held: 0b10,
      hidden: false,
      spots: [],
      moves: [],
      edges: [
        [0, true, 10],
        [1, true, 20],
        [0, false, 30],
      ],
    });
    expect(held.take('g', 8)).toMatchObject({ count: 2, held: 0b10, edges: [] });
  });

  it('stay down until the last finger lets go', () => {
    const held = new HeldKeys();
    expect(held.hold('keyboard', 1, 1)).toBe(true);
    expect(held.hold('finger 1', 1, 2)).toBe(false);
    expect(held.hold('keyboard', 0, 3)).toBe(false);
    expect(held.held).toBe(1);
    expect(held.hold('finger 1', 0, 4)).toBe(true);
    expect(held.held).toBe(0);
  });

  it('are all let go when the window loses the keyboard', () => {
    const held = new HeldKeys();
    held.hold('keyboard', 0b101, 1);
    held.take('g', 0);
    expect(held.release(9)).toBe(true);
    expect(held.take('g', 0).edges).toEqual([
      [0, false, 9],
      [2, false, 9],
    ]);
    expect(held.release(10)).toBe(false);
  });

  it('know the 32nd key without a sign', () => {
    const held = new HeldKeys();
    held.hold('keyboard', (1 << 31) >>> 0, 1);
    expect(held.take('g', 0)).toMatchObject({ held: 2 ** 31, edges: [[31, true, 1]] });
  });

  it('keep no more edges than one message may carry, the newest', () => {
    const held = new HeldKeys();
    for (let at = 0; at < 200; at++) held.hold('keyboard', at % 2, at);
    const { edges } = held.take('g', 0);
    expect(edges).toHaveLength(64);
    expect(edges.at(-1)?.[2]).toBe(199);
  });

  it('played back edge by edge give the mask that was sent', () => {
    const rnd = random(11);
    const held = new HeldKeys();
    let mask = 0;
    for (let at = 0; at < 2_000; at++) {
      const source = `finger ${Math.floor(rnd() * 3)}`;
      held.hold(source, Math.floor(rnd() * 2 ** 32) >>> 0, at);
      const said = held.take('g', 0);
      for (const [index, down] of said.edges) {
        const bit = (1 << index) >>> 0;
        expect((mask & bit) !== 0).toBe(!down);
        mask = (mask ^ bit) >>> 0;
      }
      expect(mask).toBe(said.held);
    }
  });
});

describe('a key', () => {
  const names = ['ArrowLeft', 'a', ' ', '1'];

  it.each([
    ['ArrowLeft', 'ArrowLeft', 0],
    ['a', 'KeyA', 1],
    ['A', 'KeyA', 1], // Caps Lock
    ['ф', 'KeyA', 1], // a Cyrillic keyboard
    [' ', 'Space', 2],
    ['&', 'Digit1', 3], // a French keyboard
    ['b', 'KeyB', -1],
    ['F1', 'F1', -1],
  ])('%s (%s) is number %i', (key, code, index) => {
    expect(keyIndex(names, key, code)).toBe(index);
  });
});
