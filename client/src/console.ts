/**
 * What this page's console says, for an admin who looks into something. Loaded only where the
 * server asks for it; the server scrubs, bounds and keeps it.
 */

import { now_ms } from './clock.ts';
import { listen } from './dom.ts';
import type { Link } from './socket.ts';
import type { Logged } from './wire.gen.ts';

type Level = Logged['lines'][number][0];

const PER_S = 10;
const EVERY_MS = 1_000;
const LONGEST = 1_000; // as wire.Logged takes them
const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];
const METHODS: readonly [keyof Console & ('debug' | 'info' | 'log' | 'warn' | 'error'), Level][] = [
  ['debug', 'debug'],
  ['log', 'info'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['error', 'error'],
];

/** `what` as a console shows it, in one string that is never too long. */
export function shown(what: readonly unknown[]): string {
  const text = what.map(one).join(' ');
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 2)} …` : text;
}

function one(what: unknown): string {
  if (typeof what === 'string') return what;
  if (what instanceof Error) return what.stack ?? String(what);
  try {
    const said = typeof what === 'object' ? JSON.stringify(what) : undefined;
    return said ?? String(what);
  } catch {
    return Object.prototype.toString.call(what); // it has itself inside, or will not be read
  }
}

/** Tell the server of what is logged from now on, from level `least` up. */
export function collect(link: Link, least: Level): void {
  let lines: Logged['lines'] = [];
  let dropped = 0;
  let times: number[] = [];
  const note = (level: Level, what: readonly unknown[]): void => {
    const now = now_ms();
    times = times.filter((at) => now - at < 1_000);
    if (times.length >= PER_S || lines.length >= PER_S) {
      dropped++;
      return;
    }
    times.push(now);
    lines.push([level, now, shown(what)]);
  };
  const wanted = LEVELS.slice(LEVELS.indexOf(least));
  for (const [method, level] of METHODS) {
    if (!wanted.includes(level)) continue;
    const was = console[method].bind(console);
    console[method] = (...what: unknown[]) => {
      was(...what);
      note(level, what);
    };
  }
  // What nobody caught is in the console as well, and comes through none of its methods.
  listen(window, 'error', (event) => note('error', [event.error ?? event.message]));
  listen(window, 'unhandledrejection', (event) => note('error', [event.reason]));
  window.setInterval(() => {
    if (lines.length === 0 || !link.tell('logged', { lines, dropped })) return;
    lines = [];
    dropped = 0;
  }, EVERY_MS);
}
