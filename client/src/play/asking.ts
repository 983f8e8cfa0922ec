/**
 * What people are asked between two episodes, over the game and in its place. Whoever has
 * answered sees the overlay, which says for whom the game waits.
 */

import { h } from '../dom.ts';
import { draftOfReply } from '../mail/kept.ts';
import { taken } from '../screens/advance.ts';
import type { Form } from '../screens/form.ts';
import type { Context } from '../screens/screen.ts';
import '../style/asking.css';
import { text } from '../text.ts';
import type { AskView, Episode, FromBrowser, GameView } from '../wire.gen.ts';

export interface Asking {
  root: HTMLElement;
  /** Where the game stands now; a view is only newer in what has been answered. */
  show(view: GameView, episode: Episode): void;
  /** Once in a while; `now` on the server's clock. */
  tick(now: number): void;
  close(): void;
}

export function asking(context: Context, session: string): Asking {
  const left = h('p', { class: 'asking-left' });
  const note = h('p', { class: 'asking-note', text: text.asking.note });
  const sheet = h('div', { class: 'asking-sheet' });
  const root = h('div', { class: 'asking' }, h('div', { class: 'asking-page' }, left, sheet, note));
  root.hidden = true;

  const sent = new Set<string>();
  let up = ''; // what is shown: "<ask>:<episode>"
  let until = 0;
  let form: Form | null = null;

  const down = (): void => {
    form?.close();
    form = null;
    up = '';
    root.hidden = true;
    sheet.replaceChildren();
  };

  const send = async (which: string, reply: FromBrowser['reply']): Promise<boolean> => {
    sent.add(which);
    if (up === which) down();
    context.shell.announce(`${text.asking.waiting}. ${text.asking.waitingText}`);
    const refused = await context.mail.put({ event: 'reply', payload: reply });
    const has = taken(context, refused);
    if (!has) sent.delete(which); // the next `episode` asks again
    return has;
  };

  const ask = async (which: string, one: AskView, said: Episode): Promise<void> => {
    up = which;
    const { ask: make } = await import('../screens/form.ts');
    if (up !== which) return; // it went on meanwhile
    const about = { game: said.game, ask: one.name, episode: said.episode };
    const draft = draftOfReply(session, about);
    form = make(context, one.form, {
      draft,
      send: (answers, times) => send(which, { ...about, answers, times }),
    });
    sheet.replaceChildren(form.root);
    root.hidden = false;
    root.scrollTop = 0;
    form.heading.tabIndex = -1;
    form.heading.focus({ preventScroll: true });
  };

  return {
    root,
    show(view, said) {
      const one = view.asks.find(({ name }) => name === said.ask);
      const which = `${said.ask}:${said.episode}`;
      const done =
        !one ||
        said.stage !== 'asking' ||
        sent.has(which) ||
        one.answered.includes(said.episode) ||
        context.mail.of('reply', (r) => r.ask === said.ask && r.episode === said.episode) !== null;
      until = said.starts_ms;
      if (done) down();
      else if (up !== which) {
        down();
        void ask(which, one, said);
      }
    },
    tick(now) {
      if (root.hidden) return;
      const left_s = Math.max(0, Math.ceil((until - now) / 1000));
      const words = text.asking.left(left_s);
      if (left.textContent !== words) left.textContent = words;
      left.classList.toggle('soon', left_s <= 20);
    },
    close: down,
  };
}
