/**
 * The frames of a recorded episode, piece by piece. Knows neither canvas nor clock; how a piece is
 * fetched is told to it, so it runs in a test.
 */

import { Decoder } from 'socket.io-msgpack-parser';
import { decodeFrame, type Frame, type FrameArray } from '../wire.gen.ts';

/** Pieces that are held at a time: the one that is shown, its neighbours, and where one was. */
const HELD = 8;

/** The frames of a piece: finished packets, each behind its length. */
export function unpacked(raw: ArrayBuffer, decoder = new Decoder()): Frame[] {
  const found: Frame[] = [];
  decoder.on('decoded', (packet: { data: [string, FrameArray] }) => {
    found.push(decodeFrame(packet.data[1]));
  });
  const lengths = new DataView(raw);
  for (let at = 0; at + 4 <= raw.byteLength;) {
    const size = lengths.getUint32(at, true);
    decoder.add(raw.slice(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return found;
}

export class Reel {
  private readonly held = new Map<number, Frame[]>(); // the one used last stands last
  private readonly asked = new Map<number, Promise<void>>();

  /** `pieces` are the first ticks of each. */
  constructor(
    private readonly pieces: readonly number[],
    private readonly fetchPiece: (piece: number) => Promise<Frame[]>,
  ) {}

  private pieceOf(tick: number): number {
    let found = 0;
    while (found + 1 < this.pieces.length && (this.pieces[found + 1] ?? Infinity) <= tick) found++;
    return found;
  }

  private get(piece: number): Frame[] | undefined {
    const frames = this.held.get(piece);
    if (frames) {
      this.held.delete(piece);
      this.held.set(piece, frames);
    }
    return frames;
  }

  /** Have the piece with that tick here. Rejects where it does not come. */
  load(tick: number): Promise<void> {
    const piece = this.pieceOf(tick);
    if (this.get(piece)) return Promise.resolve();
    const coming =
      this.asked.get(piece) ??
      this.fetchPiece(piece).then(
        (frames) => {
          this.asked.delete(piece);
          this.held.set(piece, frames);
          for (const old of this.held.keys()) if (this.held.size > HELD) this.held.delete(old);
        },
        (error: unknown) => {
          this.asked.delete(piece);
          throw error;
        },
      );
    this.asked.set(piece, coming);
    return coming;
  }

  /** Whatever leads to the picture of that tick, from something whole; undefined: not here yet. */
  to(tick: number): Frame[] | undefined {
    return this.get(this.pieceOf(tick))?.filter((frame) => frame.tick <= tick);
  }

  /** What comes after tick `from` up to tick `to`; undefined where some of it is not here yet. */
  between(from: number, to: number): Frame[] | undefined {
    const found: Frame[] = [];
    for (let piece = this.pieceOf(from + 1); piece <= this.pieceOf(to); piece++) {
      const frames = this.get(piece);
      if (!frames) return undefined;
      for (const frame of frames) if (frame.tick > from && frame.tick <= to) found.push(frame);
    }
    return found;
  }
}
