/**
 * The server's reliable messages, each once and in order. Knows no socket, clock or screen.
 *
 * They are numbered from 1 for the session. A state says up to which number everything is in
 * it; what it does not contain follows on the same connection, in order. A number that jumps
 * means that something was lost on the way: what came early is held back, and the caller has
 * to connect again with `seq`, upon which the server sends what is missing.
 */

import type { Kept } from './kept.ts';

export interface Numbered {
  seq: number;
}

/** `gap`: something before it is missing. */
export type Arrival<M> = { now: M[]; gap: boolean };

const MOST_HELD = 256; // more than the server keeps for one browser

export class Inbox<M extends Numbered> {
  private held = new Map<number, M>();
  private last: number | null;

  constructor(private readonly store: Kept<number>) {
    this.last = store.read();
  }

  /** The last number that was acted on; null = none is known, so only a state helps. */
  get seq(): number | null {
    return this.last;
  }

  /** A state came. The first one of a connection is believed even if it is behind. */
  state(seq: number, first: boolean): M[] {
    if (first) this.held.clear();
    if (first || this.last === null || seq > this.last) this.move(seq);
    return this.inOrder();
  }

  /** A numbered message came: which ones to act on now. */
  hear(message: M): Arrival<M> {
    const last = this.last ?? 0;
    if (message.seq <= last) return { now: [], gap: false };
    if (this.held.size < MOST_HELD) this.held.set(message.seq, message);
    const now = this.inOrder();
    return { now, gap: this.held.size > 0 };
  }

  private inOrder(): M[] {
    const ready: M[] = [];
    let last = this.last ?? 0;
    for (let next = this.held.get(last + 1); next; next = this.held.get(last + 1)) {
      this.held.delete(++last);
      ready.push(next);
    }
    for (const seq of this.held.keys()) if (seq <= last) this.held.delete(seq);
    if (ready.length > 0) this.move(last);
    return ready;
  }

  private move(seq: number): void {
    this.last = seq;
    this.store.write(seq);
  }
}
