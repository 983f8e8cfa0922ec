import { describe, expect, it } from 'vitest';
import { Frames, type Thing } from '../src/canvas/frames.ts';
import type { Frame } from '../src/wire.gen.ts';
import { random } from './random.ts';

/** A frame with only what a test is about. Changes are keyed by text, as msgpack gives them. */
const frame = (over: Partial<Frame>): Frame => ({
  game: 'g',
  generation: 1,
  episode: 0,
  tick: 0,
  at_ms: 0,
  base: -1,
  acks: [],
  objects: [],
  gone: [],
  hud: null,
  ...over,
});

const ball = (x: number) => ({ '0': 1, '1': x, '2': 500, '5': 40, '7': '#fff' });
const things = (frames: Frames): Thing[] => frames.order().map((entry) => entry.now);

describe('a keyframe', () => {
  it('replaces everything', () => {
    const frames = new Frames('g');
    frames.apply(frame({ objects: [0, ball(1), 1, ball(2)] }));
    frames.apply(frame({ tick: 1, objects: [1, ball(3)] }));
    expect(things(frames).map((thing) => thing.x)).toEqual([3]);
  });

  it('lets what was already there go on smoothly', () => {
    const frames = new Frames('g');
    frames.apply(frame({ objects: [0, ball(100)] }));
    frames.apply(frame({ tick: 1, objects: [0, ball(200)] }));
    expect(frames.order()[0]?.was?.x).toBe(100);
  });

  it('of the next episode starts afresh', () => {
    const frames = new Frames('g');
    frames.apply(frame({ tick: 90, objects: [0, ball(100)] }));
    frames.apply(frame({ episode: 1, objects: [0, ball(200)] }));
    expect(frames.order()[0]?.was).toBeNull();
    expect(frames.before).toBe(0);
  });
});

describe('a change', () => {
  it('of a frame we do not have waits for a keyframe', () => {
    const frames = new Frames('g');
    frames.apply(frame({ tick: 5, objects: [0, ball(1)] }));
    expect(frames.apply(frame({ tick: 7, base: 6, objects: [0, { '1': 9 }] }))).toBe('stray');
    expect(frames.tick).toBe(5);
    expect(frames.apply(frame({ tick: 8, objects: [0, ball(9)] }))).toBe('shown');
    expect(things(frames)[0]?.x).toBe(9);
  });

  it('of another generation is not ours, even on the same tick', () => {
    const frames = new Frames('g');
    frames.apply(frame({ tick: 5, objects: [0, ball(1)] }));
    const other = frame({ generation: 2, tick: 6, base: 5, objects: [0, { '1': 9 }] });
    expect(frames.apply(other)).toBe('stray');
  });

  it('with the kind in it makes a new object, which does not glide', () => {
    const frames = new Frames('g');
    frames.apply(frame({ objects: [0, ball(1)] }));
    frames.apply(frame({ tick: 1, base: 0, gone: [0] }));
    frames.apply(frame({ tick: 2, base: 1, objects: [0, { '0': 0, '3': 7 }] }));
    expect(things(frames)).toMatchObject([{ kind: 0, x: 0, w: 7, fill: '' }]);
    expect(frames.order()[0]?.was).toBeNull();
  });

  it('with a field this client does not know is painted without it', () => {
    const frames = new Frames('g');
    frames.apply(frame({ objects: [0, { ...ball(1), '99': 'new' }] }));
    expect(things(frames)).toHaveLength(1);
  });
});

describe('a ghost', () => {
  it.each([
    ['an earlier generation', { generation: 1, episode: 3 }],
    ['an earlier episode', { generation: 2, episode: 0 }],
    ['another game', { game: 'other', generation: 9 }],
  ])('of %s is dropped', (_, over) => {
    const frames = new Frames('g');
    frames.apply(frame({ generation: 2, episode: 1, objects: [0, ball(1)] }));
    expect(frames.apply(frame({ ...over, objects: [] }))).toBe('ghost');
    expect(things(frames)).toHaveLength(1);
  });
});

describe('order', () => {
  it('is by depth, then by first appearance, and follows a change of depth', () => {
    const frames = new Frames('g');
    frames.apply(frame({ objects: [0, { ...ball(0), '14': 1 }, 1, ball(1), 2, ball(2)] }));
    expect(things(frames).map((thing) => thing.x)).toEqual([1, 2, 0]);
    frames.apply(frame({ tick: 1, base: 0, objects: [1, { '14': 5 }] }));
    expect(things(frames).map((thing) => thing.x)).toEqual([2, 0, 1]);
  });
});

it('text above the stage stays until it changes', () => {
  const frames = new Frames('g');
  frames.apply(frame({ hud: '0 : 0' }));
  frames.apply(frame({ tick: 1, base: 0 }));
  expect(frames.hud).toBe('0 : 0');
});

/** The server's side in ten lines: pictures as handle -> fields, and what changed between two. */
type Picture = Map<number, Record<string, unknown>>;

function difference(was: Picture, now: Picture): Pick<Frame, 'objects' | 'gone'> {
  const objects: unknown[] = [];
  for (const [handle, fields] of now) {
    const old = was.get(handle);
    if (!old || old['0'] !== fields['0']) objects.push(handle, fields);
    else {
      const change = Object.fromEntries(Object.entries(fields).filter(([k, v]) => old[k] !== v));
      if (Object.keys(change).length > 0) objects.push(handle, change);
    }
  }
  return { objects, gone: [...was.keys()].filter((handle) => !now.has(handle)) };
}

function nextPicture(was: Picture, rnd: () => number): Picture {
  const now: Picture = new Map(was);
  for (let i = 0; i < 8; i++) {
    const handle = Math.floor(rnd() * 12);
    const dice = rnd();
    if (dice < 0.2) now.delete(handle);
    else if (!now.has(handle) || dice < 0.3)
      now.set(handle, { '0': Math.floor(rnd() * 7), '1': 0, '14': 0, '17': `thing ${handle}` });
    else now.set(handle, { ...now.get(handle), '1': rnd(), '14': Math.floor(rnd() * 4) });
  }
  return now;
}

it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
  'changes over a random game with losses show what keyframes show (seed %i)',
  (seed) => {
    const rnd = random(seed);
    const frames = new Frames('g');
    let picture: Picture = new Map();
    let lost = false;
    frames.apply(frame({}));
    for (let tick = 1; tick < 300; tick++) {
      const next = nextPicture(picture, rnd);
      const whole = frame({ tick, objects: [...next].flat() });
      const change = frame({ tick, base: tick - 1, ...difference(picture, next) });
      picture = next;

      // Given that one frame in twenty does not arrive, and a keyframe follows some time later
      if (rnd() < 0.05) lost = true;
      else if (!lost) expect(frames.apply(change)).toBe('shown');
      else if (rnd() < 0.5) {
        expect(frames.apply(change)).toBe('stray');
      } else {
        frames.apply(whole);
        lost = false;
      }
      if (lost) continue;

      // Then what is on screen is what a keyframe alone would show
      const fresh = new Frames('g');
      fresh.apply(whole);
      expect(things(frames)).toEqual(things(fresh));
    }
  },
);
