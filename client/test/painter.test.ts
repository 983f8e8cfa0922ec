import { describe, expect, it } from 'vitest';
import type { Thing } from '../src/canvas/frames.ts';
import { Frames } from '../src/canvas/frames.ts';
import { bounds, painters, scale, type Sources } from '../src/canvas/painter.ts';
import { KINDS, type Frame } from '../src/wire.gen.ts';

/** A canvas that writes down what it is told, with the state it had then. */
function canvas() {
  const calls: string[] = [];
  const state: Record<string, unknown> = {};
  const c = new Proxy(
    {},
    {
      get: (_, name: string) =>
        name in state
          ? state[name]
          : (...said: unknown[]) => {
              const rounded = said.map((v) =>
                typeof v === 'number' ? Math.round(v * 100) / 100 : v,
              );
              calls.push(`${name}(${rounded.join(' ')})`);
            },
      set: (_, name: string, value) => {
        state[name] = value;
        calls.push(`${name}=${value as string}`);
        return true;
      },
    },
  ) as CanvasRenderingContext2D;
  return { c, calls };
}

const SOURCE = 'pixels' as unknown as CanvasImageSource;
const CUT = { x: 4, y: 8, w: 16, h: 16, left: 0, top: 0, whole_w: 16, whole_h: 16 };
const sources: Sources = {
  sprite: (image, frame) =>
    image === 'cooks.json' && frame === 'up' ? { source: SOURCE, cut: CUT } : undefined,
  picture: () => SOURCE,
};

/** What the server says of an object, painted on a stage of 200 x 100. */
function painted(change: Record<string, unknown>, from: Sources = sources): string[] {
  const frames = new Frames('g');
  const frame = { game: 'g', generation: 1, episode: 0, tick: 0, base: -1, hud: null };
  frames.apply({ ...frame, at_ms: 0, acks: [], gone: [], objects: [0, change] } as Frame);
  const thing = frames.order()[0]?.now as Thing;
  const { c, calls } = canvas();
  painters(KINDS, from)(thing)?.(c, thing, ...scale(200, 100));
  return calls;
}

const kind = (name: (typeof KINDS)[number]) => ({ '0': KINDS.indexOf(name) });
const sprite = {
  ...kind('sprite'),
  ...{ '1': 1_000, '2': 2_000, '3': 2_000, '4': 4_000, '18': 'cooks.json', '19': 'up' },
};

describe('a sprite', () => {
  it('is its part of the image, at its place and size', () => {
    expect(painted(sprite)).toEqual([
      'save()',
      'translate(40 40)', // the middle
      'rotate(0)',
      'globalAlpha=1',
      'drawImage(pixels 4 8 16 16 -20 -20 40 40)',
      'restore()',
    ]);
  });

  it('is turned, mirrored and half there', () => {
    const calls = painted({ ...sprite, '12': 2_500, '20': 5_000, '21': true });
    expect(calls).toContain('rotate(1.57)');
    expect(calls).toContain('scale(-1 1)');
    expect(calls).toContain('globalAlpha=0.5');
  });

  it('of a trimmed frame leaves the margin free that was cut off', () => {
    const cut = { ...CUT, left: 8, top: 4, whole_w: 32, whole_h: 32 };
    const calls = painted(sprite, { ...sources, sprite: () => ({ source: SOURCE, cut }) });
    expect(calls).toContain('drawImage(pixels 4 8 16 16 -10 -15 20 20)');
  });

  it('that has not come is not painted and is no error', () => {
    expect(painted({ ...sprite, '19': 'down' })).toEqual([]);
  });

  it('is pointed at above its middle', () => {
    const thing = { x: 1_000, y: 2_000, w: 2_000, h: 4_000, kind: 7, image: 'a', points: [] };
    expect(bounds(thing as unknown as Thing, ...scale(200, 100))).toEqual({
      ...{ x: 40, top: 20, bottom: 60 },
    });
  });
});

describe('a rendered picture', () => {
  const picture = { ...kind('picture'), '1': 2_500, '3': 5_000, '4': 10_000 };

  it('fills its place', () => {
    expect(painted(picture)).toEqual(['drawImage(pixels 50 0 100 100)']);
  });

  it('is not painted before it is decoded', () => {
    expect(painted(picture, { ...sources, picture: () => undefined })).toEqual([]);
  });
});

describe('every option', () => {
  it.each([
    ['rect', { '3': 5_000, '4': 5_000, '7': '#fff' }, 'rect(0 0 100 50)'],
    ['rect', { '3': 5_000, '4': 5_000, '5': 500, '7': '#fff' }, 'roundRect(0 0 100 50 5)'],
    ['rect', { '3': 5_000, '4': 5_000, '12': 2_500, '7': '#fff' }, 'rotate(1.57)'],
    ['rect', { '3': 5_000, '4': 5_000, '8': '#fff', '9': 100 }, 'lineWidth=1'],
    ['circle', { '1': 5_000, '2': 5_000, '5': 1_000, '7': '#fff' }, 'arc(100 50 10 0 6.28)'],
    ['ellipse', { '1': 5_000, '3': 2_000, '4': 1_000 }, 'ellipse(100 0 20 5 0 0 6.28)'],
    ['line', { '6': [0, 0, 5_000, 5_000], '8': '#fff' }, 'lineTo(100 50)'],
    ['line', { '6': [0, 0, 5_000, 5_000], '8': '#fff' }, 'lineWidth=0.4'],
    ['line', { '6': [0, 0, 5_000, 5_000], '8': '#fff', '9': 200 }, 'lineWidth=2'],
    ['polygon', { '6': [0, 0, 5_000, 5_000], '7': '#fff' }, 'closePath()'],
    ['arc', { '5': 1_000, '12': 5_000, '13': 2_500 }, 'arc(0 0 10 3.14 4.71 false)'],
    ['text', { '10': 'hi' }, 'fillText(hi 0 0)'],
    ['text', { '10': 'hi' }, 'font=600 5px "Figtree Variable", system-ui, sans-serif'],
    [
      'text',
      { '10': 'hi', '11': 1_000 },
      'font=600 10px "Figtree Variable", system-ui, sans-serif',
    ],
    ['text', { '10': 'hi', '15': 'center' }, 'textAlign=center'],
  ] as const)('of a %s shows: %o', (name, change, call) => {
    expect(painted({ ...kind(name), ...change })).toContain(call);
  });
});
