/** Pages of one game or episode. Apart from the others, since what paints a game is not small. */

import { Replay } from './replay.tsx';
import type { Boot } from './said.ts';
import { Watch } from './watch.tsx';

/** The page of an address below /admin that names something. */
export function Deep({ path, boot }: { path: string; boot: Boot }) {
  const [what, first = '', second = ''] = path.split('/').slice(2).map(decodeURIComponent);
  const { form_token } = boot;
  if (what === 'games')
    return <Watch key={path} experiment={first} game={second} form_token={form_token} />;
  if (what === 'episodes') return <Replay key={path} episode={first} form_token={form_token} />;
  return <p class="alert">There is no such page.</p>;
}
