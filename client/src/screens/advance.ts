/** Finishing a page, a survey or a quiz: said once, kept until the server has it, and what it says if not. */

import { text } from '../text.ts';
import type { Json, Refused, State } from '../wire.gen.ts';
import type { Times } from './itemTimes.ts';
import type { Context } from './screen.ts';

/** The world moved on before the request came: the state that says so is on its way. */
const QUIET = new Set(['conflict', 'impossible', 'not_yours']);
export const isQuiet = (refused: Refused): boolean => QUIET.has(refused.code);

/** True once the server has taken it; the next screen comes as a `state`. */
export async function advance(
  context: Context,
  { scene, version }: State,
  answers?: Record<string, Json>,
  times?: Times,
): Promise<boolean> {
  const payload = { scene, version, ...(answers && { answers }), ...(times && { times }) };
  return taken(context, await context.mail.put({ event: 'advance', payload }));
}

/** The same for what was said before a reload and has not arrived yet; null: nothing was. */
export async function advancing(
  context: Context,
  { scene, version }: State,
): Promise<boolean | null> {
  const said = context.mail.of('advance', (a) => a.scene === scene && a.version === version);
  return said && taken(context, await said);
}

/** Whether the server has it. If not, the participant is told why. */
export function taken(context: Context, refused: Refused | null): boolean {
  if (refused === null || isQuiet(refused)) return true;
  context.shell.toast(refused.text || text.failed.send, refused.hint || text.failed.sendHint);
  return false;
}
