/**
 * What is held down, whatever it is held with, and where pointers are. Knows no event, element
 * or socket.
 *
 * Several sources (the keyboard, each finger) can hold the same key; an edge is when the
 * first one takes it and when the last one lets go.
 */

import type { Keys } from '../wire.gen.ts';
import { Points } from './points.ts';

export type Edge = Keys['edges'][number];

const MOST_EDGES = 64; // the wire's limit for one message

export class HeldKeys {
  readonly points = new Points();
  private sources = new Map<string, number>(); // source -> bit mask
  private mask = 0;
  private edges: Edge[] = [];
  private count = 0;

  /** `source` now holds exactly `mask`. True if anything has changed for the server. */
  hold(source: string, mask: number, at: number): boolean {
    if (mask === 0) this.sources.delete(source);
    else this.sources.set(source, mask);
    let all = 0;
    for (const held of this.sources.values()) all |= held;
    return this.become(all >>> 0, at);
  }

  /** Let go of everything: the window lost the keyboard, and key-up will not be heard. */
  release(at: number): boolean {
    this.sources.clear();
    const moved = this.points.release(at);
    return this.become(0, at) || moved;
  }

  get held(): number {
    return this.mask;
  }

  /** The next message, with every edge and move since the last one. `hidden`: nobody sees the tab. */
  take(game: string, seen: number, hidden = false): Keys {
    const edges = this.edges;
    this.edges = [];
    const count = ++this.count;
    return { game, count, seen, held: this.mask, edges, hidden, ...this.points.take() };
  }

  private become(mask: number, at: number): boolean {
    const turned = (mask ^ this.mask) >>> 0;
    if (turned === 0) return false;
    for (let i = 0; i < 32; i++) {
      const bit = (1 << i) >>> 0;
      if (turned & bit) this.edges.push([i, (mask & bit) !== 0, at]);
    }
    // Only a long time without a connection gets here; the newest edges matter most.
    if (this.edges.length > MOST_EDGES) this.edges.splice(0, this.edges.length - MOST_EDGES);
    this.mask = mask;
    return true;
  }
}

/** A key's name without the accidents of Shift and Caps Lock. */
const plain = (key: string): string => (key.length === 1 ? key.toLowerCase() : key);

/** What the same physical key is called on a Latin keyboard: "KeyA" -> "a". */
function latin(code: string): string | undefined {
  const match = /^(?:Key([A-Z])|(?:Digit|Numpad)(\d))$/.exec(code);
  return match?.[1]?.toLowerCase() ?? match?.[2];
}

/** (key, code) of an event -> index into `names`, or -1. */
export function keyIndex(names: readonly string[], key: string, code: string): number {
  const plainNames = names.map(plain);
  const exact = plainNames.indexOf(plain(key));
  return exact >= 0 ? exact : plainNames.indexOf(latin(code) ?? '\0');
}
