/** A screen whose code is fetched when it is first needed. */

import { h } from '../dom.ts';
import { text } from '../text.ts';
import type { View } from '../wire.gen.ts';
import { card } from './card.ts';
import type { Screen, Shown } from './screen.ts';
import { skeleton } from './skeleton.ts';

export function lazy<V extends View>(load: () => Promise<Screen<V>>): Screen<V> {
  return (context, first) => {
    const root = h('div', { class: 'lazy' }, skeleton());
    let state = first;
    let shown: Shown<V> | null = null;
    let closed = false;
    let waiting: ((screen: Shown<V>) => void)[] = []; // what came while the code did not
    const tell = (act: (screen: Shown<V>) => void): void => {
      if (shown) act(shown);
      else waiting.push(act);
    };

    const failed = (): void => {
      const reload = { label: text.failed.reload, click: () => location.reload() };
      root.replaceChildren(
        card({ title: text.failed.title, text: text.failed.chunk, hint: text.failed.chunkHint }, [
          reload,
        ]),
      );
      context.shell.enter(root);
    };
    load().then((screen) => {
      if (closed) return;
      shown = screen(context, state);
      root.replaceChildren(shown.root);
      context.shell.enter(root);
      for (const act of waiting) act(shown);
      waiting = [];
    }, failed);

    return {
      root,
      update(next) {
        state = next;
        shown?.update(next);
      },
      lobby: (said) => shown?.lobby?.(said),
      episode: (said) => tell((screen) => screen.episode?.(said)),
      chat: (said) => tell((screen) => screen.chat?.(said)),
      caution: (said) => tell((screen) => screen.caution?.(said)),
      frame: (said) => shown?.frame?.(said), // the screen asks for a whole one when it is up
      close() {
        closed = true;
        shown?.close();
      },
    };
  };
}
