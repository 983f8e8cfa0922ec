/**
 * Says that the game can be shown, and sends what is held: at once when it changes, and as a
 * sign of life. Knows no key and no canvas.
 */

import { listen } from '../dom.ts';
import type { Link } from '../socket.ts';
import { encodeKeys, type Ready } from '../wire.gen.ts';
import type { HeldKeys } from './keys.ts';

const EVERY_MS = 200;
const AGAIN_MS = 1_000;
/** Refusals of `ready` that pass. */
const PASSING = new Set(['unavailable', 'too_much', 'error']);

export interface Sending {
  /** On this connection the game is to be shown; again after each reconnect. */
  ready(how: Ready): void;
  now(): void;
  stop(): void;
}

export function sending(link: Link, game: string, held: HeldKeys, seen: () => number): Sending {
  let readyOn = 0; // the connection on which the server knows us; it takes no keys before
  let stopped = false;

  const now = (): void => {
    // Until then edges stay in `held` and go with the first message.
    if (link.online && link.connection === readyOn)
      link.tell('keys', encodeKeys(held.take(game, seen(), document.hidden)));
  };
  const ready = async (how: Ready): Promise<void> => {
    const { connection } = link;
    const refused = await link.ask('ready', how).catch(() => null);
    if (stopped || connection !== link.connection) return; // the next state asks again
    if (refused && PASSING.has(refused.code)) {
      setTimeout(() => stopped || void ready(how), AGAIN_MS);
      return;
    }
    readyOn = connection;
    now();
  };
  const timer = setInterval(now, EVERY_MS);
  const stopWatching = listen(document, 'visibilitychange', now);

  return {
    ready: (how) => void ready(how),
    now,
    stop() {
      stopped = true;
      clearInterval(timer);
      stopWatching();
    },
  };
}
