/**
 * What there is to paint: keyframes and changes in, objects in painting order out.
 * Knows no canvas, clock or socket, so it runs unchanged in a test.
 *
 * Each object remembers how it was one frame ago, so that a painter can show the way
 * between the two.
 */

import { FIELDS, type Frame } from '../wire.gen.ts';

/** One drawn object; fields as in igym/sim/draw.py, in grid units. */
export interface Thing {
  kind: number;
  x: number;
  y: number;
  w: number;
  h: number;
  r: number;
  points: readonly number[];
  fill: string;
  stroke: string;
  line: number;
  text: string;
  size: number;
  angle: number;
  span: number;
  depth: number;
  align: string;
  snap: boolean;
  name: string;
  image: string;
  frame: string;
  opacity: number;
  flip: boolean;
  data: ArrayBuffer | null;
}

// Not annotated, so that a field of the wire without a property here does not compile.
const BLANK = {
  kind: -1,
  x: 0,
  y: 0,
  w: 0,
  h: 0,
  r: 0,
  points: [] as readonly number[],
  fill: '',
  stroke: '',
  line: 0,
  text: '',
  size: 0,
  angle: 0,
  span: 0,
  depth: 0,
  align: 'left',
  snap: false,
  name: '',
  image: '',
  frame: '',
  opacity: 10_000,
  flip: false,
  data: null as ArrayBuffer | null,
} satisfies Record<(typeof FIELDS)[number], unknown>;

export interface Entry {
  readonly handle: number;
  now: Thing;
  /** As of the frame before; null for a new object. */
  was: Thing | null;
  /** `Frames.serial` when `now` came. */
  serial: number;
}

type Change = Record<string, unknown>;

/** What became of a frame. A *stray* changes a frame that we do not have. */
export type Verdict = 'shown' | 'ghost' | 'stray';

export class Frames {
  /** Of the newest frame; -1 before the first. */
  tick = -1;
  /** Of the frame before that; the same as `tick` when there is none. */
  before = -1;
  generation = -1;
  episode = -1;
  hud = '';
  /** Rises by one with every frame that was shown. */
  serial = 0;

  private entries = new Map<number, Entry>();
  private sorted: Entry[] | null = null;

  constructor(readonly game: string) {}

  apply(frame: Frame): Verdict {
    if (frame.game !== this.game || this.isGhost(frame)) return 'ghost';
    const going = frame.generation === this.generation && frame.episode === this.episode;
    if (frame.base === -1) this.replace(frame, going);
    else if (going && frame.base === this.tick) this.change(frame);
    else return 'stray';

    this.before = going ? this.tick : frame.tick;
    this.tick = frame.tick;
    this.generation = frame.generation;
    this.episode = frame.episode;
    if (frame.hud !== null) this.hud = frame.hud;
    return 'shown';
  }

  /** Far to near; equals in order of first appearance, which is the order of handles. */
  order(): readonly Entry[] {
    this.sorted ??= [...this.entries.values()].sort(
      (a, b) => a.now.depth - b.now.depth || a.handle - b.handle,
    );
    return this.sorted;
  }

  /** What the environment itself rendered, where it does. */
  rendered(): Entry | undefined {
    return this.order().find((entry) => entry.now.data !== null);
  }

  /** The object the scene points out under this name. */
  named(name: string): Entry | undefined {
    return this.order().find((entry) => entry.now.name === name);
  }

  private isGhost(frame: Frame): boolean {
    if (frame.generation !== this.generation) return frame.generation < this.generation;
    return frame.episode < this.episode;
  }

  private replace(frame: Frame, going: boolean): void {
    const old = this.entries;
    this.entries = new Map();
    this.sorted = null;
    this.serial++;
    for (const [handle, change] of pairs(frame.objects)) {
      const now = changed(BLANK, change);
      const before = going ? old.get(handle)?.now : undefined;
      const was = before?.kind === now.kind ? before : null;
      this.entries.set(handle, { handle, now, was, serial: this.serial });
    }
  }

  private change(frame: Frame): void {
    this.serial++;
    for (const handle of frame.gone) {
      if (this.entries.delete(handle)) this.sorted = null;
    }
    for (const [handle, change] of pairs(frame.objects)) {
      const entry = this.entries.get(handle);
      const isNew = '0' in change;
      if (!entry || isNew) {
        const now = changed(BLANK, change);
        this.entries.set(handle, { handle, now, was: null, serial: this.serial });
        this.sorted = null;
      } else {
        if ('14' in change) this.sorted = null;
        entry.was = entry.now;
        entry.now = changed(entry.now, change);
        entry.serial = this.serial;
      }
    }
  }
}

function* pairs(objects: readonly unknown[]): Generator<[number, Change]> {
  for (let i = 0; i + 1 < objects.length; i += 2)
    yield [objects[i] as number, objects[i + 1] as Change];
}

function changed(thing: Thing, change: Change): Thing {
  const next: Record<string, unknown> = { ...thing };
  for (const number in change) {
    const field = FIELDS[Number(number)]; // a newer server's field is not an error
    if (field !== undefined) next[field] = change[number];
  }
  return next as unknown as Thing;
}
