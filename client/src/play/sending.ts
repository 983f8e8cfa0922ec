/** Sends what is held: at once when it changes, and as a sign of life while a game is on. */

import type { Link } from '../socket.ts';
import { encodeKeys } from '../wire.gen.ts';
import type { HeldKeys } from './keys.ts';

const EVERY_MS = 200;

export interface Sending {
  now(): void;
  stop(): void;
}

export function sending(link: Link, game: string, held: HeldKeys, seen: () => number): Sending {
  const now = (): void => {
    // Without a connection edges stay in `held` and go with the first message after it.
    if (link.online) link.tell('keys', encodeKeys(held.take(game, seen())));
  };
  const timer = setInterval(now, EVERY_MS);
  return { now, stop: () => clearInterval(timer) };
}
