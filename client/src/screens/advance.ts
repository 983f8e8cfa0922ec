/** Finishing a page or a survey: send once, say so while it takes, and say why it did not work. */

import { text } from '../text.ts';
import type { Json, Refused, State } from '../wire.gen.ts';
import type { Context } from './screen.ts';

/** The world moved on before the request came: the state that says so is on its way. */
const QUIET = new Set(['conflict', 'impossible', 'not_yours']);
export const isQuiet = (refused: Refused): boolean => QUIET.has(refused.code);

/** True once the server has taken it; the next screen comes as a `state`. */
export async function advance(
  context: Context,
  state: State,
  answers?: Record<string, Json>,
): Promise<boolean> {
  const { scene, version } = state;
  try {
    const refused = await context.link.ask('advance', {
      scene,
      version,
      ...(answers && { answers }),
    });
    if (refused === null || isQuiet(refused)) return true;
    context.shell.toast(refused.text, refused.hint);
  } catch {
    context.shell.toast(text.failed.send, text.failed.sendHint);
  }
  return false;
}
