/**
 * Small words over the picture while the game goes on: no frame for a moment, or somebody is
 * away and the game does not wait. Never a modal, never an ending. Knows no socket.
 */

import { h, say } from '../dom.ts';
import '../style/notes.css';
import { text } from '../text.ts';
import type { Episode, GameView } from '../wire.gen.ts';

const STALL_MS = 700; // shorter gaps are the network's
const STALL_TICKS = 3; // of a slow game

export interface Notes {
  root: HTMLElement;
  stand(view: GameView, episode: Episode): void;
  /** A frame was shown. */
  frame(now: number): void;
  /** `now` as performance.now(). */
  tick(now: number, online: boolean): void;
}

export function notes(fps: number, announce: (words: string) => void): Notes {
  const stall = h('p', {
    class: 'note-chip stall',
    text: text.game.stalled,
    attrs: { role: 'status' },
  });
  const away = h('p', { class: 'note-chip' });
  const root = h('div', { class: 'notes' }, stall, away);
  stall.hidden = away.hidden = true;
  const patience = Math.max(STALL_MS, (STALL_TICKS * 1_000) / fps);

  let playing = false;
  let last = 0;
  return {
    root,
    stand(view, { stage, away: seats, benched }) {
      if (stage === 'playing' && !playing) last = performance.now();
      playing = stage === 'playing';
      const words = playing ? awayWords(view, seats, benched) : '';
      if (words && words !== away.textContent) announce(words);
      say(away, words);
      away.hidden = words === '';
    },
    frame(now) {
      last = now;
      stall.hidden = true;
    },
    tick(now, online) {
      stall.hidden = !playing || !online || now - last <= patience;
    },
  };
}

/** Who is missed, as a sentence for a game that goes on without them; "" = nobody. */
function awayWords(view: GameView, seats: readonly string[], benched: boolean): string {
  if (benched) return text.game.benched;
  if (seats.includes(view.seat)) return text.game.seatTaken;
  return seats.length > 0 ? text.game.goesOn(names(view, seats)) : '';
}

/** "Red", "Red and Blue" */
export function names(view: GameView, seats: readonly string[]): string {
  const others = seats.filter((seat) => seat !== view.seat).map((seat) => view.seats[seat] ?? seat);
  return new Intl.ListFormat('en').format(others);
}
