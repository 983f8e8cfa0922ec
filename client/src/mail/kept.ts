/** Small things that outlive a reload in this tab. Where a browser forbids storage they do not. */

export interface Kept<T> {
  read(): T | null;
  write(value: T): void;
  forget(): void;
}

export function kept<T>(key: string): Kept<T> {
  return {
    read() {
      try {
        return JSON.parse(sessionStorage.getItem(key) ?? 'null') as T | null;
      } catch {
        return null;
      }
    },
    write(value) {
      try {
        sessionStorage.setItem(key, JSON.stringify(value));
      } catch {
        // Full or forbidden: it lasts as long as the page.
      }
    },
    forget: () => sessionStorage.removeItem(key),
  };
}

/** Half-finished answers of one visit to a form. */
export interface Draft {
  answers: object;
  times: Record<string, [number, number, number]>;
}

export const draftOf = (session: string, scene: string, version: number): Kept<Draft> =>
  kept(`igym:${session}:draft:${scene}:${version}`);

/** The same for what is asked between the episodes of a game. */
export const draftOfReply = (
  session: string,
  { game, ask, episode }: { game: string; ask: string; episode: number },
): Kept<Draft> => draftOf(session, `${game}:${ask}`, episode);
