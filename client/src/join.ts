/**
 * From a link to a token. Knows no socket and no screen.
 *
 * The token lives in this tab's session storage, so two tabs can be two people while a
 * study is tried out; the server's cookie lets the same person come back in a new tab.
 */

import { text } from './text.ts';
import type { Refused } from './wire.gen.ts';

/** What the server put into the page. */
export interface Boot {
  experiment: string;
  title: string;
  /** Of the study: "en", "de". */
  language: string;
  wire: number;
  /** The least severe line of the console that the server wants; "off" = none. */
  logs: 'off' | 'debug' | 'info' | 'warn' | 'error';
  /** Why there is no study on this page. */
  problem: Refused | null;
  /** What is open here, at an address without a study; only while developing. */
  experiments: string[] | null;
}

export function boot(): Boot {
  const given = JSON.parse(document.getElementById('igym')?.textContent || '{}') as Partial<Boot>;
  const path = location.pathname.split('/').filter(Boolean);
  return {
    experiment: given.experiment ?? path[1] ?? '',
    title: given.title ?? '',
    language: given.language ?? 'en',
    wire: given.wire ?? 0,
    logs: given.logs ?? 'off',
    problem: given.problem ?? null,
    experiments: given.experiments ?? null,
  };
}

/** A refusal as an error, so that `await join()` reads as one line. */
export class Turned extends Error {
  constructor(
    readonly refused: Refused,
    readonly again: boolean, // whether trying again can help
    readonly wait_s = 0, // … and after how long it does; 0 = nobody knows
  ) {
    super(refused.text);
  }
}

/** Windows side by side on a bench share this tab's storage: each keeps a token of its own. */
const pane = (): string => (window.name.startsWith('bench-') ? `:${window.name}` : '');

const key = (experiment: string): string => `igym:${experiment}:token${pane()}`;

export const token = {
  read: (experiment: string): string | null => sessionStorage.getItem(key(experiment)),
  keep: (experiment: string, value: string): void => sessionStorage.setItem(key(experiment), value),
  forget: (experiment: string): void => sessionStorage.removeItem(key(experiment)),
};

export interface Joined {
  token: string;
  session: string;
}

const WAITS_MS = [300, 800, 1_500, 3_000]; // a server that is restarting is back by then

/**
 * Join, or come back. Keeps the token and takes `?new` out of the address, so that a reload
 * stays the same participant.
 *
 * Raises `Turned` with the server's own sentence, or ours where it cannot be reached.
 */
export async function join(experiment: string): Promise<Joined> {
  const url = new URL(location.href);
  const fresh = url.searchParams.has('new');
  const ask = (known: string | null) =>
    post(
      `/api/x/${encodeURIComponent(experiment)}/join`,
      JSON.stringify({ query: Object.fromEntries(url.searchParams), token: known, fresh }),
    );
  const known = fresh ? null : token.read(experiment);
  const joined = await ask(known).catch((error: unknown) => {
    // A token from before the server's secret changed: without it there is still a way in.
    if (!(error instanceof Turned) || error.refused.code !== 'bad_token' || !known) throw error;
    token.forget(experiment);
    return ask(null);
  });
  token.keep(experiment, joined.token);
  if (fresh) {
    url.searchParams.delete('new');
    history.replaceState(null, '', url);
  }
  return joined;
}

async function post(path: string, body: string): Promise<Joined> {
  for (let attempt = 0; ; attempt++) {
    const answer = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    }).catch(() => null);
    if (answer?.ok) return (await answer.json()) as Joined;
    const passing = answer === null || [502, 503, 504].includes(answer.status);
    const wait = WAITS_MS[attempt];
    if (!passing || wait === undefined) throw await turned(answer);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

async function turned(answer: Response | null): Promise<Turned> {
  type Said = Partial<Refused> & { at_ms?: number };
  const said = (await answer?.json().catch(() => null)) as Said | null | undefined;
  // The server says it in its own time zone: a wave that is not open yet, or closed.
  const when = said?.at_ms ? text.failed.yourTime(said.at_ms) : '';
  return new Turned(
    {
      code: said?.code ?? (answer ? `http_${answer.status}` : 'unreachable'),
      text: said?.text ?? text.failed.unreachable,
      hint: `${said?.hint ?? text.failed.unreachableHint} ${when}`.trim(),
    },
    answer === null || answer.status >= 500 || answer.status === 429,
    Number(answer?.headers.get('retry-after')) || 0, // of a date nothing is known
  );
}
