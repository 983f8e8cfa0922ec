/** A part of the admin's page that asks for its own news while it is looked at. */

import { useEffect, useState } from 'preact/hooks';
import { follow } from './said.ts';

export interface Part<T> {
  /** null until the first answer. */
  said: T | null;
  /** Why nothing newer came; "" while all is well. */
  trouble: string;
}

/** What `path` answers, asked again every `everyMs` unless `paused`. */
export function useNews<T>(path: string, everyMs: number, paused: boolean): Part<T> {
  const [news, setNews] = useState<Part<T>>({ said: null, trouble: '' });
  useEffect(() => setNews({ said: null, trouble: '' }), [path]);
  useEffect(() => {
    if (paused) return;
    return follow<T>(
      () => path,
      everyMs,
      (said) => setNews({ said, trouble: '' }),
      (trouble) => setNews((old) => ({ ...old, trouble })),
    );
  }, [path, everyMs, paused]);
  return news;
}
