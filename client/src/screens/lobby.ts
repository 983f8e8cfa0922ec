/** Waiting for others: who is here, how long it has been, how long it can take at most. */

import { ahead } from '../canvas/ahead.ts';
import { warmChime } from '../chime.ts';
import { h, say } from '../dom.ts';
import { text } from '../text.ts';
import { clockTime } from '../time.ts';
import type { LobbyView } from '../wire.gen.ts';
import { loadGame } from './index.ts';
import type { Screen } from './screen.ts';

const MOST_SEATS = 12; // more people than that are a number, not a row

export const lobby: Screen<LobbyView> = (context, first) => {
  let view = first.view;
  void loadGame().catch(() => undefined); // so that the game is up the moment it starts
  const stopWarming = warmChime();
  const stopAhead = ahead(view.assets_at, view.assets);

  const seats = h('div', { class: 'seats', attrs: { 'aria-hidden': 'true' } });
  const heading = h('h1');
  const count = h('p', { class: 'lobby-count', attrs: { role: 'status' } });
  const missing = h('p', { class: 'lobby-missing' });
  const elapsed = h('dd');
  const left = h('dd');
  const times = h(
    'dl',
    { class: 'times' },
    h('div', {}, h('dt', { text: text.lobby.elapsed }), elapsed),
    h('div', {}, h('dt', { text: text.lobby.left }), left),
  );
  const hints = h(
    'div',
    { class: 'lobby-hints' },
    h('p', { text: text.lobby.keepOpen }),
    h('p', { text: text.lobby.timeout }),
  );
  const root = h('div', { class: 'lobby' }, seats, heading, count, missing, times, hints);

  const people = (): void => {
    const { wanted, waiting, shows } = view;
    const alone = wanted <= 1;
    const known = !alone && shows === 'count';
    root.classList.toggle('alone', alone);
    root.dataset['shows'] = shows;
    say(heading, alone ? text.lobby.alone : text.lobby.heading(wanted));
    const gap = wanted - waiting;
    if (alone) {
      say(count, '');
      say(missing, '');
    } else if (shows === 'position') {
      say(count, text.lobby.position(view.position));
      say(missing, text.lobby.ahead(view.position - 1));
    } else if (shows === 'count') {
      say(count, text.lobby.count(Math.min(waiting, wanted), wanted));
      say(missing, gap > 0 ? text.lobby.missing(gap) : text.lobby.complete);
    } else {
      say(count, '');
      say(missing, text.lobby.quiet);
    }
    const drawn = Math.min(wanted, MOST_SEATS);
    while (seats.children.length < drawn) seats.append(h('span', { class: 'seat' }, h('i')));
    while (seats.children.length > drawn) seats.lastChild?.remove();
    // Without a number to show, only the participant's own place is taken.
    const here = known ? waiting : 1;
    [...seats.children].forEach((seat, i) => seat.classList.toggle('here', i < here));
  };
  const clock = (): void => {
    const now = context.clock.server();
    say(elapsed, clockTime(now - view.since_ms));
    const rest = view.until_ms - now;
    say(left, rest > 0 ? clockTime(view.until_ms - view.since_ms) : text.lobby.leftOver);
    root.style.setProperty(
      '--waited',
      String(Math.min(1, Math.max(0, 1 - rest / (view.until_ms - view.since_ms || 1)))),
    );
  };
  people();
  clock();
  const timer = setInterval(clock, 500);

  return {
    root,
    update(state) {
      view = state.view;
      people();
      clock();
    },
    lobby(said) {
      view = { ...view, waiting: said.waiting, wanted: said.wanted };
      people();
    },
    close() {
      clearInterval(timer);
      stopWarming();
      stopAhead();
    },
  };
};
