/**
 * What is around every screen: progress, toasts, the connection badge, announcements and
 * the tab's title. Knows no screen and no socket.
 */

import { h, say } from '../dom.ts';
import { text } from '../text.ts';
import type { Phase } from '../wire.gen.ts';

const TOAST_MS = 7_000;
const OFFLINE_AFTER_MS = 400; // shorter gaps are not worth a word
const LONG_AFTER_MS = 10_000;
const BLOCKED_AFTER_MS = 8_000; // a first connection that takes longer will not come

export interface Shell {
  /** Put a screen up in place of the last one. */
  show(root: HTMLElement): void;
  /** A screen has just come up: move the focus to its heading. */
  enter(root: HTMLElement): void;
  progress(step: number, steps: number): void;
  phase(phase: Phase, study: string): void;
  /** The tab's title until the tab is looked at. */
  call(title: string): void;
  toast(words: string, hint?: string): void;
  announce(words: string): void;
  online(on: boolean): void;
  /** Whether "stop taking part" is offered, under the screen or by `stopButton`. */
  stoppable(on: boolean): void;
  /** The same for a screen that fills the window. */
  stopButton(): HTMLElement;
  /** Called when it is offered no longer, until the returned function is called. */
  whenUnstoppable(act: () => void): () => void;
}

interface Acts {
  /** A first connection did not come about. */
  blocked(): void;
  /** "Stop taking part" was pressed. */
  stop(): void;
}

export function shell({ blocked, stop }: Acts): Shell {
  const fill = h('div', { class: 'progress-fill' });
  const bar = h(
    'div',
    { class: 'progress', attrs: { role: 'progressbar', 'aria-valuemin': '0' } },
    fill,
  );
  const main = h('main', { id: 'main' });
  const toasts = h('div', { class: 'toasts', attrs: { role: 'alert' } });
  const badge = h('div', { class: 'badge', attrs: { role: 'status' } });
  const live = h('div', { class: 'unseen', attrs: { 'aria-live': 'polite' } });
  bar.hidden = true;
  const stopButton = (): HTMLElement =>
    h('button', {
      class: 'stop',
      text: text.stop.button,
      attrs: { type: 'button', 'aria-haspopup': 'dialog', 'data-short': text.stop.short },
      on: { click: stop },
    });
  const foot = h('footer', { class: 'foot' }, stopButton());
  document.body.prepend(bar, main, foot, badge, toasts, live);
  const unstoppable = new Set<() => void>();

  let title = document.title;
  let calling = '';
  const retitle = (): void => {
    document.title = calling || title;
  };
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) calling = '';
    retitle();
  });

  let everOnline = false;
  let timers: number[] = [];
  const later = (ms: number, act: () => void): void => {
    timers.push(window.setTimeout(act, ms));
  };
  const badged = (words: string): void => {
    say(badge, words);
    badge.classList.toggle('on', words !== '');
  };

  return {
    show(root) {
      main.replaceChildren(root);
      root.classList.add('arriving');
      window.scrollTo(0, 0);
      this.enter(root);
    },
    enter(root) {
      const heading = root.querySelector<HTMLElement>('h1, h2, [data-focus]') ?? main;
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    },
    progress(step, steps) {
      bar.hidden = steps <= 1;
      const part = steps > 0 ? Math.min(1, step / steps) : 0;
      fill.style.setProperty('--part', String(part));
      bar.setAttribute('aria-valuemax', String(steps));
      bar.setAttribute('aria-valuenow', String(step));
      bar.setAttribute('aria-label', text.progress(Math.min(step + 1, steps), steps));
    },
    phase(phase, study) {
      document.body.dataset['phase'] = phase;
      title = text.title[phase](study);
      retitle();
    },
    call(words) {
      if (document.hidden) calling = words;
      retitle();
    },
    toast(words, hint) {
      const said = hint ? `${words} ${hint}` : words;
      if ([...toasts.children].some((other) => other.firstChild?.textContent === said)) return;
      const toast = h(
        'div',
        { class: 'toast' },
        h('p', {}, h('strong', { text: words }), hint ? ` ${hint}` : null),
        h('button', {
          class: 'toast-close',
          text: '×',
          attrs: { type: 'button', 'aria-label': text.toast.dismiss },
          on: { click: () => toast.remove() },
        }),
      );
      toasts.append(toast);
      setTimeout(() => toast.remove(), TOAST_MS);
    },
    announce: (words) => say(live, words),
    stoppable(on) {
      document.body.classList.toggle('stoppable', on);
      if (!on) for (const act of unstoppable) act();
    },
    stopButton,
    whenUnstoppable(act) {
      unstoppable.add(act);
      return () => unstoppable.delete(act);
    },
    online(on) {
      if (on) {
        timers.forEach(clearTimeout);
        timers = [];
        if (badge.textContent) this.announce(text.offline.back);
        everOnline = true;
        return badged('');
      }
      if (timers.length > 0) return; // already counting
      later(OFFLINE_AFTER_MS, () => everOnline && badged(text.offline.short));
      later(LONG_AFTER_MS, () => everOnline && badged(text.offline.long));
      later(BLOCKED_AFTER_MS, () => everOnline || blocked());
    },
  };
}
