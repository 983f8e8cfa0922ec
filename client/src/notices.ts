/** What the data should know about this tab: focus, visibility, scripts that failed. */

import { now_ms } from './clock.ts';
import { listen } from './dom.ts';
import type { Link } from './socket.ts';
import type { Notice } from './wire.gen.ts';

const MOST_ERRORS = 5; // a minute: one broken loop must not drown the rest
const LONGEST = 1_900; // characters; the wire takes 2,000

export function notices(link: Link): void {
  const tell = (kind: Notice['kind'], detail = ''): void => {
    link.tell('notice', { kind, at_ms: now_ms(), detail: detail.slice(0, LONGEST) });
  };
  let errors: number[] = [];
  const failed = (what: unknown): void => {
    const now = now_ms();
    errors = errors.filter((at) => now - at < 60_000);
    if (errors.length >= MOST_ERRORS) return;
    errors.push(now);
    tell('error', what instanceof Error ? (what.stack ?? what.message) : String(what));
  };

  listen(document, 'visibilitychange', () => tell(document.hidden ? 'hidden' : 'visible'));
  listen(window, 'blur', () => tell('blur'));
  listen(window, 'focus', () => tell('focus'));
  listen(window, 'error', (event) => failed(event.error ?? event.message));
  listen(window, 'unhandledrejection', (event) => failed(event.reason));
}
