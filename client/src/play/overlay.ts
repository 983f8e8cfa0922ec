/** What is over the stage between ticks. Knows no socket: it is told where the game stands. */

import { h, say } from '../dom.ts';
import { text } from '../text.ts';
import type { Episode, GameView } from '../wire.gen.ts';
import { names } from './notes.ts';

/** The stages of an episode that cover the picture. */
type Covered = 'waiting' | 'countdown' | 'asking' | 'between' | 'held' | 'paused' | 'over';

const said: Record<Covered, { title: string; text: string }> = {
  waiting: { title: text.game.waiting, text: text.game.waitingText },
  countdown: { title: text.game.countdown, text: '' },
  asking: { title: text.asking.waiting, text: text.asking.waitingText },
  between: { title: text.game.between, text: text.game.betweenText },
  held: { title: text.game.held, text: text.game.heldText },
  paused: { title: text.game.paused, text: text.game.pausedText },
  over: { title: text.game.over, text: text.game.overText },
};

const isCovered = (stage: string): stage is Covered => stage in said;
const GO_MS = 700;

export interface Overlay {
  root: HTMLElement;
  show(view: GameView, episode: Episode): void;
  /** Once per paint; `now` on the server's clock. */
  tick(now: number): void;
}

export function overlay(server: () => number, announce: (words: string) => void): Overlay {
  const round = h('p', { class: 'overlay-round' });
  const big = h('p', { class: 'overlay-big', attrs: { 'aria-hidden': 'true' } });
  const title = h('h2', { class: 'overlay-title' });
  const words = h('p', { class: 'overlay-text' });
  const author = h('p', { class: 'overlay-words' });
  const until = h('p', { class: 'overlay-until', attrs: { 'aria-hidden': 'true' } });
  const dots = h('div', { class: 'dots' }, h('i'), h('i'), h('i'));
  const scores = h('dl', { class: 'overlay-scores' });
  const help = h('div', { class: 'overlay-help' });
  const panel = h(
    'div',
    { class: 'overlay-panel' },
    round,
    big,
    title,
    author,
    words,
    until,
    dots,
    scores,
  );
  const root = h('div', { class: 'overlay' }, panel, help);
  root.hidden = true;

  let view: GameView | null = null;
  let episode: Episode | null = null;
  let goUntil = 0;

  const tick = (now: number): void => {
    if (!episode) return;
    const left_s = episode.starts_ms > 0 ? Math.ceil((episode.starts_ms - now) / 1000) : 0;
    if (episode.stage === 'countdown') {
      const label = left_s > 0 ? String(left_s) : text.game.go;
      if (big.textContent !== label) {
        say(big, label);
        big.classList.remove('pop');
        void big.offsetWidth; // restarts the animation
        big.classList.add('pop');
      }
    } else if (episode.stage === 'held' && view && !episode.away.includes(view.seat)) {
      say(big, left_s > 0 ? String(left_s) : '');
    } else if (episode.stage === 'waiting' || episode.stage === 'asking') {
      const words = episode.stage === 'asking' ? text.asking.goesOn : text.game.heldLeft;
      say(until, left_s > 0 ? words(left_s) : '');
    } else if (episode.stage === 'playing' && !root.hidden && now > goUntil) {
      root.hidden = true;
    }
  };

  return {
    root,
    tick,
    show(nextView, next) {
      const before = episode?.stage;
      view = nextView;
      episode = next;
      root.dataset['stage'] = next.stage;
      say(round, roundOf(next));

      if (!isCovered(next.stage)) {
        // After a countdown, "Go!" stays for a blink; it does not cover the picture.
        const go = before === 'countdown' && !root.hidden;
        goUntil = go ? server() + GO_MS : 0;
        if (go) {
          say(big, text.game.go);
          announce(text.game.go);
        } else root.hidden = true;
        return;
      }
      const alone = next.stage === 'waiting' && Object.keys(view.seats).length < 2;
      const standard = said[next.stage];
      const lost = missed(view, next);
      const practised = next.practice && next.stage === 'between';
      const plain = practised ? text.game.practiceBetween : standard.title;
      say(title, alone ? text.game.waitingAlone : (lost?.title ?? plain));
      // The author's sentence is for the partners of who is away.
      const forMe =
        next.stage === 'asking' ||
        next.away.length === 0 ||
        next.away.some((seat) => seat !== nextView.seat);
      say(
        words,
        (forMe && next.text) || lost?.text || kindOf(next) || (alone ? '' : standard.text),
      );
      say(author, next.words);
      author.hidden = next.words === '';
      say(big, '');
      say(until, '');
      scoreList(scores, view, next);
      keyHelp(help, view);
      root.hidden = false;
      // While people are asked, it is under the questions until they have answered.
      if (before !== next.stage && next.stage !== 'asking')
        announce(
          [title, author, words]
            .map((one) => one.textContent)
            .filter(Boolean)
            .join('. '),
        );
      tick(server());
    },
  };
}

const roundOf = ({ practice, round, rounds }: Episode): string => {
  if (practice) return text.game.practice(round, rounds);
  return rounds === 1 ? '' : text.game.round(round, rounds);
};

/** Whether this episode counts, where there is something to tell apart; said before it begins. */
function kindOf({ stage, practice, round, episode }: Episode): string {
  if (stage !== 'countdown') return '';
  if (practice) return text.game.practiceText;
  return round === 1 && episode > 0 ? text.game.practiceOver : '';
}

/** Who the game waits for; null where that is not told. */
function missed(view: GameView, { away, stage }: Episode) {
  const others = away.filter((seat) => seat !== view.seat);
  if (stage === 'asking' && others.length > 0)
    return { title: text.asking.waitingFor(names(view, others)), text: text.asking.waitingText };
  if (stage !== 'held') return null;
  if (away.includes(view.seat)) return { title: text.game.back, text: text.game.backText };
  if (away.length === 0) return null;
  return { title: text.game.lost(names(view, away)), text: text.game.lostText };
}

function scoreList(list: HTMLElement, view: GameView, episode: Episode): void {
  const scored = Object.entries(episode.scores);
  const due = episode.stage === 'between' || episode.stage === 'over';
  list.hidden = !due || scored.every(([, score]) => score === 0);
  const label = (seat: string): string => {
    const name = view.seats[seat] ?? seat;
    const mine = seat === view.seat && name.toLowerCase() !== text.game.you.toLowerCase();
    return mine ? `${name} (${text.game.you})` : name;
  };
  list.replaceChildren(
    ...scored.map(([seat, score]) =>
      h(
        'div',
        { class: seat === view.seat ? 'mine' : '' },
        h('dt', { text: label(seat) }),
        h('dd', { text: number(score) }),
      ),
    ),
  );
}

function keyHelp(place: HTMLElement, view: GameView): void {
  place.replaceChildren(
    ...(view.help ? [h('p', { text: view.help })] : []),
    h(
      'p',
      { class: 'keycaps' },
      ...view.keys.map((key) => h('kbd', { text: text.game.keys[key] ?? key.toUpperCase() })),
    ),
  );
}

const number = (value: number): string => String(Math.round(value * 10) / 10);
