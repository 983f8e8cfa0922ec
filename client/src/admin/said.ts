/** What the server says to the admin's page (igym/web/admin), and asking it. */

import { useEffect, useState } from 'preact/hooks';

/** Sessions of one mode, by phase: everybody who is in the study or was. */
export interface Mode {
  mode: string;
  screening: number;
  reading: number;
  waiting: number;
  deciding: number;
  choosing: number;
  playing: number;
  ended: number;
  /** How many ever got so far: arrived, screened, consented, waiting, playing, ended. */
  ever: Record<string, number>;
  outcomes: Record<string, number>;
  /** How many waits ended with a match, by their longest time in s, or "more". */
  waits: Record<string, number>;
  /** How many got so far in each of the last steps of `pace_minutes`, oldest first; nothing
   *  where nobody did in any of them. */
  pace: { arrived?: number[]; ended?: number[] };
}

export interface Experiment {
  id: string;
  title: string;
  version: string;
  package: string;
  modes: Mode[];
  data: string;
  /** Since when nobody new is let in; 0 = they are. */
  closed_ms: number;
  /** So many live participants at the most; 0 = any number. */
  cap: number;
  /** How many there are by that count. */
  taken: number;
}

export interface Lobby {
  id: string;
  experiment: string;
  scene: string;
  mode: string;
  waiting: number;
  wanted: number;
  since_ms: number;
}

export interface Game {
  id: string;
  experiment: string;
  scene: string;
  mode: string;
  /** `away`: "" they look, "hidden" or "blur", "gone" = no socket of theirs is known. */
  seats: { seat: string; session: string; rtt_ms: number | null; away: string }[];
  since_ms: number;
  /** "" while it waits for a worker. */
  owner: string;
  generation: string;
  /** Since when an admin has it stand still; 0 = it does not. */
  paused_ms: number;
  /** Seat that a policy plays by an admin's word -> that admin. */
  benched: Record<string, string>;
  /** From 0; null before the first. */
  episode: number | null;
  /** The most there can be; 0 = not known. */
  episodes: number;
  tick: number;
  /** Ticks a second as declared, 0 = not known, and as played lately, null = not known. */
  fps: number;
  pace: number | null;
  /** How late the latest of the last ticks was. */
  late_ms: number;
  scores: Record<string, number>;
  /** How it goes, and in words. */
  goes: ['good' | 'fair' | 'poor', string];
}

export interface Worker {
  name: string;
  pid: string;
  load: number;
  games: number;
  still_s: number;
}

export interface Problem {
  id: string;
  at_ms: number;
  kind: string;
  /** "critical", "error" or "warning". */
  severity: string;
  experiment: string;
  game: string;
  message: string;
  where: string;
}

export interface Seen {
  now_ms: number;
  pace_minutes: number;
  /** The address that participants' links begin with. */
  base: string;
  experiments: Experiment[];
  lobbies: Lobby[];
  /** All that are live, and how many of those that play do so at which part of their declared
   *  pace: `counts` has one more than `bounds`, for what is above them. */
  games: { total: number; bounds: number[]; slow_below: number; counts: number[] };
  workers: Worker[];
  queued: number;
  problems: { total: number; latest: Problem[] };
}

/** What the page begins with. */
export interface Boot {
  seen: Seen;
  version: string;
  pages: { href: string; label: string }[];
  leave: string;
  form_token: string;
  /** What they may do to some experiment at least. */
  rights: string[];
  /** Whether nobody has an account yet, told to whoever may make one. */
  alone: boolean;
}

export interface News<T> {
  said: T;
  /** Why nothing newer came; "" while all is well. */
  trouble: string;
}

const AFTER_ERROR_MS = 3000;
const PATIENCE_MS = 8000;

/** What the server refused, in its words and with what to do. */
export class Refused extends Error {}

/** What `path` answers. Throws `Refused`, or what fetch throws where nobody answers. */
export async function fetched<T>(path: string, how: RequestInit = {}): Promise<T> {
  const answer = await fetch(path, { signal: AbortSignal.timeout(PATIENCE_MS), ...how });
  if (answer.status === 401) {
    location.reload(); // signed out, or the visit is over: the server shows where to sign in
    throw new Refused('You are not signed in any more.');
  }
  const said = (await answer.json().catch(() => ({}))) as T & { text?: string; hint?: string };
  if (answer.ok) return said;
  throw new Refused(
    said.text ? `${said.text} ${said.hint ?? ''}`.trim() : `The server answered ${answer.status}.`,
  );
}

/** Ask for something to be done: `what` as JSON, with the token that only our own page has. */
export function order<T>(path: string, formToken: string, what: unknown = {}): Promise<T> {
  const headers = { 'Content-Type': 'application/json', 'X-Form-Token': formToken };
  return fetched<T>(path, { method: 'POST', headers, body: JSON.stringify(what) });
}

/** Why something did not come about, for people. */
export const whyNot = (error: unknown): string =>
  error instanceof Refused ? error.message : 'The server does not answer.';

/**
 * Ask for `path` again and again while the page is looked at; each answer goes to `hear`.
 *
 * `path` is asked for anew each time, so that it can say what is known already. Returns how
 * to stop.
 */
export function follow<T>(
  path: () => string,
  everyMs: number,
  hear: (said: T) => void,
  fail: (why: string) => void,
): () => void {
  let over = false;
  let timer = 0;
  const ask = async (): Promise<void> => {
    let next = everyMs;
    if (!document.hidden) {
      try {
        const said = await fetched<T>(path());
        if (!over) hear(said);
      } catch (error) {
        if (!over) fail(whyNot(error));
        next = AFTER_ERROR_MS;
      }
    }
    if (!over) timer = window.setTimeout(() => void ask(), next);
  };
  const back = (): void => {
    if (document.hidden) return;
    window.clearTimeout(timer);
    void ask();
  };
  document.addEventListener('visibilitychange', back);
  void ask();
  return () => {
    over = true;
    window.clearTimeout(timer);
    document.removeEventListener('visibilitychange', back);
  };
}

/** The overview, kept fresh unless `paused`. */
export function useSeen(first: Seen, paused: boolean): News<Seen> {
  const [news, setNews] = useState<News<Seen>>({ said: first, trouble: '' });
  useEffect(() => {
    if (paused) return;
    return follow<Seen>(
      () => '/admin/overview.json',
      1000,
      (said) => setNews({ said, trouble: '' }),
      (trouble) => setNews((old) => ({ ...old, trouble })),
    );
  }, [paused]);
  return news;
}
