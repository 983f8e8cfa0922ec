/** Pages of one game. Apart from the others, since what paints a game is not small. */

import type { Boot } from './said.ts';
import { Watch } from './watch.tsx';

/** The page of an address below /admin that names something. */
export function Deep({ path, boot }: { path: string; boot: Boot }) {
  const [what, ...named] = path.split('/').slice(2).map(decodeURIComponent);
  const [experiment = '', game = ''] = named;
  if (what === 'games')
    return <Watch key={path} experiment={experiment} game={game} form_token={boot.form_token} />;
  return <p class="alert">There is no such page.</p>;
}
