/**
 * Where pointer and sticks are, and where they have been since the last message. Knows no event.
 *
 * Moves are thinned out: of all within a moment only the last counts. Pressing and letting go
 * always count.
 */

import type { Keys } from '../wire.gen.ts';

type Spot = Keys['spots'][number];
type Move = Keys['moves'][number];

/** Devices of the wire. */
export const POINTER = 0;
export const LEFT_STICK = 1;
export const RIGHT_STICK = 2;

const GRID = 10_000;
const MOST_MOVES = 64; // the wire's limit for one message
const MOMENT_MS = 16;

export class Points {
  private spots = new Map<number, Spot>();
  private moves: Move[] = [];
  private since = -Infinity; // when the moment began whose last move is the last of `moves`

  /** `device` is there now. True if that is news. */
  move(device: number, x: number, y: number, down: boolean, at: number): boolean {
    const spot: Spot = [device, grid(x), grid(y), down];
    const was = this.spots.get(device);
    if (was && was.every((value, i) => value === spot[i])) return false;
    this.spots.set(device, spot);
    this.note([...spot, at], down !== (was?.[3] ?? false));
    return true;
  }

  /** `device` is over the stage no more, or in its middle. True if that is news. */
  away(device: number, at: number): boolean {
    const was = this.spots.get(device);
    if (!was) return false;
    this.spots.delete(device);
    if (device !== POINTER) this.note([device, 0, 0, false, at], false);
    else if (was[3]) this.note([device, was[1], was[2], false, at], true);
    return true;
  }

  /** Nobody sees or touches the page any more. */
  release(at: number): boolean {
    const all = [...this.spots.keys()].map((device) => this.away(device, at));
    return all.length > 0;
  }

  /** For the next message. */
  take(): Pick<Keys, 'spots' | 'moves'> {
    const moves = this.moves;
    this.moves = [];
    this.since = -Infinity;
    return { spots: [...this.spots.values()], moves };
  }

  private note(move: Move, edge: boolean): void {
    const last = this.moves.at(-1);
    if (!edge && last?.[0] === move[0] && move[4] - this.since < MOMENT_MS) {
      this.moves[this.moves.length - 1] = move;
      return;
    }
    this.moves.push(move);
    this.since = edge ? -Infinity : move[4];
    // Only a long time without a connection gets here; the newest moves matter most.
    if (this.moves.length > MOST_MOVES) this.moves.splice(0, this.moves.length - MOST_MOVES);
  }
}

const grid = (part: number): number => Math.round(Math.min(1, Math.max(-1, part)) * GRID);
