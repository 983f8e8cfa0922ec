/**
 * Images fetched while people wait anyway. Their addresses never change, so the browser keeps what
 * came. One after the other and behind everything else: a slow line stays free for the rest.
 */

/** Fetch them in the background; the answer stops that. What fails is left to the game. */
export function ahead(at: string, names: readonly string[]): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const go = async (): Promise<void> => {
    for (const name of names) {
      if (signal.aborted) return;
      try {
        await (await fetch(at + name, { signal, priority: 'low' })).blob();
      } catch {
        // The game loads it again, and says so if it cannot.
      }
    }
  };
  void go();
  return () => stop.abort();
}
