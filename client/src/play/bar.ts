/** The slim bar above the stage: what this is, how it stands, who you are, how good the line is. */

import { h, say } from '../dom.ts';
import { text } from '../text.ts';
import type { Episode, GameView } from '../wire.gen.ts';
import { names } from './notes.ts';

/** Up to these round trips a connection is good, or fair; above, everything feels late. */
const GOOD_MS = 90;
const FAIR_MS = 180;
/** Somebody else's turn is said once it has taken so long. */
const READ_MS = 250;

export interface Bar {
  root: HTMLElement;
  show(view: GameView): void;
  hud(words: string): void;
  turn(view: GameView, episode: Episode, whose: 'mine' | 'theirs' | ''): void;
  latency(rtt: number | null, online: boolean): void;
}

export function bar(...buttons: (HTMLElement | null)[]): Bar {
  const title = h('h1', { class: 'bar-title' });
  const seat = h('span', { class: 'bar-seat' });
  const hud = h('p', { class: 'bar-hud' });
  const turn = h('p', { class: 'bar-turn' });
  let later = 0;
  const ms = h('span', { class: 'bar-ms' });
  const badge = h(
    'span',
    { class: 'latency', attrs: { role: 'img' } },
    h('i', { class: 'latency-dot' }),
    ms,
  );
  const root = h(
    'header',
    { class: 'bar' },
    h('div', { class: 'bar-left' }, title),
    h('div', { class: 'bar-middle' }, turn, hud),
    h('div', { class: 'bar-right' }, seat, ...buttons, badge),
  );
  return {
    root,
    show(view) {
      say(title, view.title);
      const label = view.seats[view.seat] ?? '';
      const isName = label !== '' && label.toLowerCase() !== text.game.you.toLowerCase();
      const several = Object.keys(view.seats).length > 1;
      say(seat, several && isName ? text.game.seat(label) : '');
    },
    hud: (words) => say(hud, words),
    turn(view, { turns }, whose) {
      clearTimeout(later);
      const show = (words: string): void => {
        say(turn, words);
        turn.dataset['turn'] = whose;
      };
      if (whose !== 'theirs') return show(whose === 'mine' ? text.game.yourTurn : '');
      // A policy's turn is over sooner than it could be read.
      turn.dataset['turn'] = whose;
      later = window.setTimeout(() => show(text.game.theirTurn(names(view, turns))), READ_MS);
    },
    latency(rtt, online) {
      const known = online && rtt !== null;
      const rounded = Math.round(rtt ?? 0);
      badge.dataset['grade'] = !known
        ? 'none'
        : rounded <= GOOD_MS
          ? 'good'
          : rounded <= FAIR_MS
            ? 'fair'
            : 'poor';
      say(ms, known ? text.game.latency(rounded) : text.game.latencyUnknown);
      badge.ariaLabel = known ? text.game.latencyLong(rounded) : text.offline.short;
    },
  };
}
