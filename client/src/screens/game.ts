/** A game: a stage that fills the window, a slim bar, thumbs where there are thumbs. */

import { now_ms } from '../clock.ts';
import { h } from '../dom.ts';
import { Images } from '../canvas/images.ts';
import { chime } from '../chime.ts';
import { asking } from '../play/asking.ts';
import { bar } from '../play/bar.ts';
import { cautions } from '../play/cautions.ts';
import { chat as makeChat } from '../play/chat.ts';
import { gamepad } from '../play/gamepad.ts';
import { keyboard } from '../play/keyboard.ts';
import { HeldKeys } from '../play/keys.ts';
import { loading } from '../play/loading.ts';
import { notes } from '../play/notes.ts';
import { overlay } from '../play/overlay.ts';
import { pointer } from '../play/pointer.ts';
import { Scene } from '../play/scene.ts';
import { sending } from '../play/sending.ts';
import { stage } from '../play/stage.ts';
import { touchPad } from '../play/touch.ts';
import '../style/bar.css';
import '../style/game.css';
import '../style/phone.css';
import { text } from '../text.ts';
import type { Episode, GameView } from '../wire.gen.ts';
import type { Screen } from './screen.ts';

/** Moves are sent no more often than this, however fast the game. */
const SOONEST_MS = 16;
const PAINTS_EVERY_MS = 10_000;
/** A game that has a new owner goes on within this; after it, people are told who is missing. */
const TAKEOVER_MS = 3_000;
const POINTED_AT = new Set(['waiting', 'countdown']);

export const game: Screen<GameView> = (context, first) => {
  let view = first.view;
  const { link, clock, shell } = context;
  const opened_ms = now_ms();
  const images = new Images(view.assets_at);
  const scene = new Scene(view, images);
  const held = new HeldKeys();
  const chat = makeChat(context, view, () => undefined);
  const stop = shell.stopButton();
  stop.classList.add('bar-button');
  const top = bar(chat?.toggle ?? null, stop);
  const note = notes(view.fps, shell.announce);
  const warned = cautions(view.game);
  const over = overlay(() => clock.server(), shell.announce);
  const field = stage(view.aspect, text.game.stage(view.title), (c, width, height, now) => {
    scene.paint(c, width, height, now);
    over.tick(clock.server());
  });
  note.root.append(warned.root);
  const load = loading(images, view.assets, shell.announce, (names) => {
    const detail = `images that did not come: ${names.join(', ')}`.slice(0, 2_000);
    link.tell('notice', { kind: 'error', at_ms: now_ms(), detail });
  });
  field.root.append(note.root, over.root, load.root);

  const keys = sending(link, view.game, held, () => scene.seen);
  const pad = touchPad(view.touch, held, keys.now);
  const stopKeyboard = keyboard(view.keys, held, keys.now);
  const move_ms = Math.max(1_000 / view.fps, SOONEST_MS);
  const stopPointer = view.pointer && pointer(field.canvas, held.points, move_ms, keys.now);
  const stopGamepad = gamepad(view, held, move_ms, keys.now);
  const questions = asking(context, first.session);
  const { root: sheet } = questions;
  const root = h('div', { class: 'game' }, top.root, field.root, chat?.root, pad.root, sheet);

  const ready = (): void => {
    if (!load.done()) return; // the game waits for whoever cannot see it yet
    const { width, height } = field.size();
    const refresh_hz = context.refresh_hz();
    keys.ready({ game: view.game, width_px: width, height_px: height, refresh_hz, opened_ms });
  };
  const show = (): void => {
    top.show(view);
    top.latency(clock.rtt, link.online);
  };
  const ticking = setInterval(() => {
    top.latency(clock.rtt, link.online);
    note.tick(performance.now(), link.online);
    warned.tick(clock.server());
    questions.tick(clock.server());
  }, 200);
  const painted = (): void => {
    link.tell('painted', { game: view.game, opened_ms, ...field.paints() });
  };
  const paints = setInterval(painted, PAINTS_EVERY_MS);
  show();
  // After the first layout, so that `ready` can say how large the stage is.
  const request = requestAnimationFrame(ready);
  load.then(ready);

  let last: Episode | null = null;
  let quietUntil = 0;
  let later = 0;
  const stand = (said: Episode, was: Episode | null): void => {
    if (POINTED_AT.has(said.stage)) scene.point('on');
    else if (
      said.stage === 'playing' &&
      was?.stage !== 'held' &&
      was?.stage !== 'paused' &&
      was?.stage !== 'playing'
    )
      scene.point('a moment');
    const turn = turnOf(view, said);
    root.dataset['turn'] = turn;
    top.turn(view, said, turn);
    if (turn === 'mine' && (was === null || turnOf(view, was) !== 'mine')) {
      shell.announce(text.game.yourTurn);
    }
    over.show(view, said);
    note.stand(view, said);
    questions.show(view, said);
  };
  return {
    root,
    update(state) {
      view = state.view;
      show();
      chat?.update(view);
      if (last) questions.show(view, last);
      ready();
    },
    episode(said) {
      if (said.game !== view.game || isGhost(said, last)) return;
      const was = last;
      last = said;
      // Another worker took the game over: it is waited for like a frame that is late.
      const takenOver = was?.stage === 'playing' && said.generation > was.generation;
      if (takenOver) quietUntil = performance.now() + TAKEOVER_MS;
      const quiet_ms = said.stage === 'waiting' ? quietUntil - performance.now() : 0;
      clearTimeout(later);
      if (quiet_ms > 0) later = window.setTimeout(() => stand(said, was), quiet_ms);
      else stand(said, was);
    },
    frame(said) {
      if (scene.hear(said) !== 'shown') return;
      top.hud(scene.hud);
      note.frame(performance.now());
    },
    chat(said) {
      if (said.game === view.game) chat?.hear(said.line);
    },
    caution(said) {
      if (said.game !== view.game || !warned.hear(said)) return;
      chime();
      shell.call(text.title.caution);
    },
    close() {
      painted();
      cancelAnimationFrame(request);
      clearInterval(ticking);
      clearTimeout(later);
      clearInterval(paints);
      stopKeyboard();
      if (stopPointer) stopPointer();
      stopGamepad();
      pad.stop();
      keys.stop();
      questions.close();
      chat?.stop();
      load.stop();
      field.stop();
      scene.stop();
    },
  };
};

/** Whose turn it is, where seats take turns and a tick is played. */
function turnOf(view: GameView, { stage, turns }: Episode): 'mine' | 'theirs' | '' {
  if (stage !== 'playing' || turns.length === 0) return '';
  return turns.includes(view.seat) ? 'mine' : 'theirs';
}

const isGhost = (said: Episode, last: Episode | null): boolean =>
  last !== null &&
  (said.generation < last.generation ||
    (said.generation === last.generation && said.episode < last.episode));
