/** The chat beside the stage; on a phone a sheet that comes up from below. */

import { h, listen, say } from '../dom.ts';
import { kept } from '../mail/kept.ts';
import type { Context } from '../screens/screen.ts';
import '../style/chat.css';
import { text } from '../text.ts';
import type { ChatLine, GameView } from '../wire.gen.ts';
import { Talk } from './talk.ts';

const NARROW = '(max-width: 60rem), (max-height: 30rem)';

export interface ChatPanel {
  root: HTMLElement;
  /** Opens and closes it, and counts what was not read. */
  toggle: HTMLElement;
  update(view: GameView): void;
  hear(line: ChatLine): void;
  stop(): void;
}

export function chat(context: Context, first: GameView, resized: () => void): ChatPanel | null {
  if (first.chat === null) return null;
  const { game, seat } = first;
  const most = first.chat.most_chars;
  const pending = context.mail.all('say').filter((one) => one.game === game);
  const talk = new Talk(game, seat, first.chat, pending);
  const draft = kept<string>(`igym:${game}:line`);
  let view = first;
  let unread = 0;
  let open = !matchMedia(NARROW).matches;

  const count = h('span', { class: 'chat-unread' });
  const toggle = h(
    'button',
    { class: 'bar-button', attrs: { type: 'button' }, on: { click: () => setOpen(!open, true) } },
    text.chat.title,
    count,
  );
  const lines = h('ol', {
    class: 'chat-lines',
    attrs: { role: 'log', 'aria-live': 'polite', 'aria-label': text.chat.lines, tabindex: '0' },
  });
  const input = h('textarea', {
    class: 'chat-input',
    attrs: {
      rows: '1',
      maxlength: String(most),
      placeholder: text.chat.placeholder,
      'aria-label': text.chat.input,
      enterkeyhint: 'send',
      autocomplete: 'off',
    },
  });
  const left = h('span', { class: 'chat-left', attrs: { 'aria-live': 'polite' } });
  const send = h('button', { class: 'chat-send', text: text.chat.send, attrs: { type: 'submit' } });
  const form = h('form', { class: 'chat-form' }, input, send, left);
  const close = h('button', {
    class: 'chat-close',
    text: '×',
    attrs: { type: 'button', 'aria-label': text.chat.close },
    on: { click: () => setOpen(false, true) },
  });
  const root = h(
    'section',
    { class: 'chat', id: 'chat', attrs: { 'aria-label': text.chat.title } },
    h('header', { class: 'chat-head' }, h('h2', { text: text.chat.title }), close),
    lines,
    form,
    h('p', { class: 'chat-hint', text: text.chat.hint }),
  );
  toggle.setAttribute('aria-controls', 'chat');

  const setOpen = (on: boolean, byHand: boolean): void => {
    open = on;
    root.hidden = !on;
    root.parentElement?.classList.toggle('chatting', on);
    toggle.ariaExpanded = String(on);
    if (on) unread = 0;
    badge();
    if (on) toEnd();
    if (byHand) on ? input.focus({ preventScroll: true }) : toggle.blur();
    resized();
  };
  const badge = (): void => {
    say(count, unread > 0 ? String(Math.min(unread, 99)) : '');
    toggle.ariaLabel = unread > 0 ? text.chat.unread(unread) : text.chat.title;
  };
  const toEnd = (): void => void (lines.scrollTop = lines.scrollHeight);

  const who = (name: string): string =>
    name === seat ? text.game.you : (view.seats[name] ?? name);
  const item = (name: string, words: string, way: boolean): HTMLElement =>
    h(
      'li',
      { class: `chat-line${name === seat ? ' mine' : ''}${way ? ' going' : ''}` },
      h('span', { class: 'chat-who', text: who(name) }),
      h('span', { class: 'chat-text', text: words }),
      way ? h('span', { class: 'unseen', text: text.chat.going }) : null,
    );
  // Lines are added and never written again, so that a screen reader says each one once.
  const shownLines = new Map<number, HTMLElement>();
  const empty = h('li', { class: 'chat-empty', text: text.chat.empty });
  let going: HTMLElement[] = [];
  const fill = (): void => {
    const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 48;
    going.forEach((one) => one.remove());
    for (const line of talk.lines) {
      if (shownLines.has(line.line)) continue;
      const made = item(line.seat, line.text, false);
      shownLines.set(line.line, made);
      lines.append(made);
    }
    going = talk.onTheirWay.map((one) => item(seat, one.text, true));
    lines.append(...going);
    if (lines.children.length === 0) lines.append(empty);
    else if (lines.children.length > 1) empty.remove();
    if (atEnd) toEnd();
  };

  const measure = (): void => {
    input.style.height = 'auto';
    input.style.height = `${Math.min(input.scrollHeight, 120)}px`;
    const rest = most - input.value.length;
    say(left, rest <= 50 ? text.chat.left(rest) : '');
    send.disabled = input.value.trim() === '';
    if (input.value) draft.write(input.value);
    else draft.forget();
  };
  const submit = async (): Promise<void> => {
    const words = input.value.trim();
    if (!words) return;
    input.value = '';
    measure();
    const payload = talk.say(words);
    fill();
    toEnd();
    const refused = await context.mail.put({ event: 'say', payload });
    if (!refused) return;
    talk.drop(payload);
    fill();
    if (!input.value) input.value = words;
    measure();
    context.shell.toast(refused.text || text.failed.send, refused.hint);
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  input.addEventListener('input', measure);
  // The game does not hear what is typed here (play/keyboard.ts asks whose key it is).
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      void submit();
    } else if (event.key === 'Escape') {
      if (matchMedia(NARROW).matches) setOpen(false, true);
      input.blur();
    }
  });
  // On phones the keyboard covers the page instead of making it smaller.
  const lift = (): void => {
    const seen = window.visualViewport;
    const covered = seen ? window.innerHeight - seen.height - seen.offsetTop : 0;
    root.style.setProperty('--covered', `${Math.max(0, Math.round(covered))}px`);
  };
  window.visualViewport?.addEventListener('resize', lift);
  const narrow = matchMedia(NARROW);
  const turned = (): void => setOpen(!narrow.matches, false);
  narrow.addEventListener('change', turned);
  const stopListening = listen(window, 'pointerdown', (event) => {
    // A tap on the stage means: back to the game.
    if (
      event.target instanceof Node &&
      !root.contains(event.target) &&
      root.contains(document.activeElement)
    )
      input.blur();
  });

  input.value = draft.read() ?? '';
  fill();
  queueMicrotask(() => {
    setOpen(open, false);
    measure();
    toEnd();
  });

  const arrived = (line: ChatLine): void => {
    if (talk.isMine(line)) return;
    if (!open) {
      unread++;
      badge();
      context.shell.announce(`${who(line.seat)}: ${line.text}`);
    }
    context.shell.call(text.title.chat(who(line.seat)));
  };
  return {
    root,
    toggle,
    update(next) {
      view = next;
      if (next.chat) talk.catchUp(next.chat).forEach(arrived);
      fill();
    },
    hear(line) {
      if (!talk.hear(line)) return;
      fill();
      arrived(line);
    },
    stop() {
      window.visualViewport?.removeEventListener('resize', lift);
      narrow.removeEventListener('change', turned);
      stopListening();
    },
  };
}
