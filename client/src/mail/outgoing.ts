/**
 * What must reach the server: kept until it is acknowledged, sent one after the other in the
 * order it was said, and sent again after a reconnect or a reload. Each message says by a
 * number in it (a version, a count) that it is the same one, so a repetition is harmless.
 *
 * Knows no socket and no screen.
 */

import type { FromBrowser, Refused } from '../wire.gen.ts';
import type { Kept } from './kept.ts';

export type Sure = 'advance' | 'withdraw' | 'say' | 'choose' | 'screened' | 'reply' | 'seen';
export type Letter = { [E in Sure]: { event: E; payload: FromBrowser[E] } }[Sure];

export interface Way {
  readonly online: boolean;
  /** Once; rejects where no answer came. */
  send(letter: Letter): Promise<Refused | null>;
  pause(ms: number): Promise<void>;
}

interface Waiting {
  letter: Letter;
  done: Promise<Refused | null>;
  settle(answer: Refused | null): void;
}

/** Refusals that pass by themselves. */
const PASSING = new Set(['unavailable', 'too_much', 'error']);
const TRIES = 12; // of a letter that is refused so; with the pauses below about 40 s
const PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 4_000;

export class Outgoing {
  private waiting: Waiting[] = [];
  private sending = false;
  private store: Kept<Letter[]> | null = null;

  constructor(
    private readonly way: Way,
    /** Whatever became of it, after a reload too. null = the server has it for good. */
    private readonly settled: (letter: Letter, answer: Refused | null) => void,
  ) {}

  /** From now on for this session, beginning with what its last page could not get through. */
  open(store: Kept<Letter[]>): void {
    this.store = store;
    this.waiting = (store.read() ?? []).map(waiting);
    void this.flush();
  }

  put(letter: Letter): Promise<Refused | null> {
    const same = this.find(letter);
    if (same) return same.done;
    const one = waiting(letter);
    // Who stops does not wait behind a line of chat that is being held up.
    if (letter.event === 'withdraw') this.waiting.unshift(one);
    else this.waiting.push(one);
    this.save();
    void this.flush();
    return one.done;
  }

  /** The verdict on what waits to be acknowledged and fits; null where nothing does. */
  of<E extends Sure>(
    event: E,
    fits: (payload: FromBrowser[E]) => boolean,
  ): Promise<Refused | null> | null {
    const found = this.waiting.find(({ letter }) => {
      const payload = payloadOf(letter, event);
      return payload !== null && fits(payload);
    });
    return found?.done ?? null;
  }

  all<E extends Sure>(event: E): FromBrowser[E][] {
    return this.waiting.flatMap(({ letter }) => payloadOf(letter, event) ?? []);
  }

  /** There is a connection: go on. Calling it too often does nothing. */
  async flush(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      let tries = 0;
      for (let head = this.waiting[0]; head && this.way.online; head = this.waiting[0]) {
        const answer = await this.way.send(head.letter).catch(() => undefined);
        if (head !== this.waiting[0]) {
          tries = 0; // another came before it, or another session's; it is said again in its turn
        } else if (
          answer === undefined ||
          (answer && PASSING.has(answer.code) && ++tries < TRIES)
        ) {
          await this.way.pause(Math.min(LONGEST_PAUSE_MS, PAUSE_MS * (tries + 1)));
        } else {
          tries = 0;
          this.waiting.shift();
          this.save();
          this.settled(head.letter, answer);
          head.settle(answer);
        }
      }
    } finally {
      this.sending = false;
    }
  }

  private find(letter: Letter): Waiting | undefined {
    const text = JSON.stringify(letter);
    return this.waiting.find((one) => JSON.stringify(one.letter) === text);
  }

  private save(): void {
    this.store?.write(this.waiting.map(({ letter }) => letter));
  }
}

function payloadOf<E extends Sure>(letter: Letter, event: E): FromBrowser[E] | null {
  return letter.event === event ? (letter.payload as FromBrowser[E]) : null;
}

function waiting(letter: Letter): Waiting {
  let settle: (answer: Refused | null) => void = () => undefined;
  const done = new Promise<Refused | null>((resolve) => (settle = resolve));
  return { letter, done, settle };
}
