/**
 * "Are you there?", just before a match is sealed. A page that is being looked at answers by
 * itself unless the study wants a person to press a button.
 */

import { chime } from './chime.ts';
import { listen } from './dom.ts';
import type { Context } from './screens/screen.ts';
import type { Ask } from './shell/presence.ts';
import { text } from './text.ts';
import type { Check, State } from './wire.gen.ts';

export interface Presence {
  asked(check: Check): void;
  /** The participant is somewhere else by now: the question may be void. */
  moved(state: State): void;
}

export function presence(context: Context): Presence {
  let check: Check | null = null;
  let ask: Ask | null = null;

  const done = (): void => {
    check = null;
    ask?.close();
    ask = null;
  };
  const here = async (): Promise<void> => {
    const { proposal } = check ?? {};
    if (proposal === undefined) return;
    done();
    await context.link.ask('here', { proposal }).catch(() => undefined);
  };
  listen(document, 'visibilitychange', () => {
    if (check && !check.asks && !document.hidden) void here();
  });

  return {
    async asked(said) {
      if (ask && said.proposal === check?.proposal) return; // asked again, and still open
      done();
      check = said;
      if (!said.asks && !document.hidden) return here();
      chime();
      context.shell.call(text.title.check);
      const { askPresence } = await import('./shell/presence.ts');
      if (check !== said) return;
      ask = askPresence(context, said.until_ms, () => void here(), done);
    },
    moved: (state) => {
      if (state.phase !== 'waiting') done();
    },
  };
}
