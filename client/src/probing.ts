/** Measures the connection for as long as it is up. */

import { now_ms, type Clock } from './clock.ts';
import type { Link } from './socket.ts';

const EVERY_MS = 2_000;
const FIRST_MS = 150; // a few quick ones after connecting, so that clocks agree at once
const FIRST = 4;

/** Returns what to call after every connect. `heard` after every answer. */
export function probing(link: Link, clock: Clock, heard: () => void): () => void {
  let run = 0;

  const probe = async (mine: number, sent: number): Promise<void> => {
    if (mine !== run || !link.online) return;
    const answer = await link.probe({
      sent_ms: now_ms(),
      rtt_ms: clock.rtt,
      offset_ms: clock.offset,
    });
    if (mine !== run) return;
    if (answer) {
      clock.hear(answer.sent_ms, answer.server_ms, now_ms());
      heard();
    }
    setTimeout(() => void probe(mine, sent + 1), sent < FIRST ? FIRST_MS : EVERY_MS);
  };
  return () => {
    clock.reset();
    void probe(++run, 0);
  };
}
