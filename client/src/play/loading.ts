/** The moment before a game in which its images come. Knows no socket and no game. */

import type { Images } from '../canvas/images.ts';
import { h, say } from '../dom.ts';
import { text } from '../text.ts';

/** Others wait meanwhile: whoever's line is slower begins with what is there; the rest follows. */
const PATIENCE_MS = 15_000;
const QUICK_MS = 150; // nobody needs to read of less

export interface Loading {
  root: HTMLElement;
  /** Whether the game can be shown. */
  done(): boolean;
  /** Calls `go` once, when it can; not if it can already. */
  then(go: () => void): void;
  stop(): void;
}

export function loading(
  images: Images,
  names: readonly string[],
  announce: (words: string) => void,
  missed: (names: string[]) => void,
): Loading {
  const bar = h('progress', {
    attrs: { max: String(names.length), value: '0', 'aria-label': text.game.loading },
  });
  const count = h('p', { class: 'overlay-text', text: text.game.loaded(0, names.length) });
  const title = h('h2', { class: 'overlay-title', text: text.game.loading });
  const root = h(
    'div',
    { class: 'overlay loading' },
    h('div', { class: 'overlay-panel' }, title, count, bar),
  );
  root.hidden = true;
  let done = names.length === 0;
  let waiting: (() => void) | null = null;
  let timers: number[] = [];

  const finish = (): void => {
    if (done) return;
    done = true;
    root.hidden = true;
    timers.forEach(clearTimeout);
    waiting?.();
  };
  if (!done) {
    timers = [
      window.setTimeout(() => {
        root.hidden = false;
        announce(text.game.loading);
      }, QUICK_MS),
      window.setTimeout(finish, PATIENCE_MS),
    ];
    const progress = (here: number): void => {
      bar.value = here;
      say(count, text.game.loaded(here, names.length));
    };
    void images.load(names, progress).then((missing) => {
      if (missing.length > 0) missed(missing);
      finish();
    });
  }
  return {
    root,
    done: () => done,
    then(go) {
      if (!done) waiting = go;
    },
    stop() {
      waiting = null;
      timers.forEach(clearTimeout);
    },
  };
}
