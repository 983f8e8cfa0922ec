/** Warnings while there is still time: what is the matter, and when the study's rule acts. */

import { h, say } from '../dom.ts';
import { kept } from '../mail/kept.ts';
import '../style/notes.css';
import { text } from '../text.ts';
import type { Caution } from '../wire.gen.ts';

/** After its time a warning is no longer one, whatever became of it. */
const STALE_MS = 5_000;
const ORDER: Caution['kind'][] = ['hidden', 'rtt', 'idle']; // the first of these is shown

export interface Cautions {
  root: HTMLElement;
  /** True if it is a new warning. */
  hear(said: Caution): boolean;
  tick(now: number): void;
}

export function cautions(game: string): Cautions {
  const store = kept<Caution[]>(`igym:${game}:cautions`); // they outlive a reload, as their seq does
  const on = new Map((store.read() ?? []).map((one) => [one.kind, one]));
  const title = h('strong');
  const words = h('span');
  const left = h('span', { class: 'caution-left', attrs: { 'aria-hidden': 'true' } });
  const root = h(
    'div',
    { class: 'caution', attrs: { role: 'alert' } },
    h('i', { attrs: { 'aria-hidden': 'true' } }),
    h('p', {}, title, words),
    left,
  );
  root.hidden = true;

  return {
    root,
    hear(said) {
      const isNew = said.on && !on.has(said.kind);
      if (said.on) on.set(said.kind, said);
      else on.delete(said.kind);
      store.write([...on.values()]);
      return isNew;
    },
    tick(now) {
      for (const one of on.values()) if (now > one.until_ms + STALE_MS) on.delete(one.kind);
      const worst = ORDER.map((kind) => on.get(kind)).find((one) => one !== undefined);
      root.hidden = worst === undefined;
      if (!worst) return;
      const about = text.caution[worst.kind];
      say(title, about.title);
      say(words, about.text);
      say(left, text.caution.left(Math.max(0, Math.ceil((worst.until_ms - now) / 1000))));
    },
  };
}
