/** A part of the admin's page that asks for its own news while it is looked at. */

import { useEffect, useState } from 'preact/hooks';
import { follow } from './said.ts';

export interface Part<T> {
  /** null until the first answer. */
  said: T | null;
  /** Whether `said` is of the page that was looked at before, and the next one is on its way. */
  busy: boolean;
  /** Why nothing newer came; "" while all is well. */
  trouble: string;
}

interface Heard<T> {
  path: string;
  /** Which page of it `said` is; null until the first answer. */
  turn: string | null;
  said: T | null;
  trouble: string;
}

const nothing = <T>(path: string): Heard<T> => ({ path, turn: null, said: null, trouble: '' });

/**
 * What `path` answers, asked again every `everyMs` unless `paused`.
 *
 * `turn` is the end of the address that says which page of a list: where it changes, the page there
 * was stays, `busy`, until the next one has come, and that one is asked for even while `paused`.
 * What another `path` said is gone at once.
 */
export function useNews<T>(path: string, everyMs: number, paused: boolean, turn = ''): Part<T> {
  const [last, setLast] = useState<Heard<T>>(() => nothing(path));
  const heard = last.path === path ? last : nothing<T>(path);
  const busy = heard.said !== null && heard.turn !== turn;
  const still = paused && !busy;
  useEffect(() => {
    if (still) return;
    return follow<T>(
      () => path + turn,
      everyMs,
      (said) => setLast({ path, turn, said, trouble: '' }),
      (trouble) => setLast((old) => ({ ...(old.path === path ? old : nothing(path)), trouble })),
    );
  }, [path, turn, everyMs, still]);
  return { said: heard.said, busy, trouble: heard.trouble };
}
