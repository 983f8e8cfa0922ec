/** Games that run now: who plays, for how long, and on which worker. */

import { duration, number, plural } from './format.ts';
import { Empty, Id, Listed } from './parts.tsx';
import { stay } from './router.ts';
import type { Seen } from './said.ts';

export function Games({ seen }: { seen: Seen }) {
  return (
    <Listed
      id="games"
      title="Live games"
      aside={<p class="soft">{plural(seen.games_total, 'game')}</p>}
      heads={[
        'Game',
        'Experiment',
        'Scene',
        'Mode',
        'Players',
        'Runs for',
        'Worker',
        'Taken over',
        '',
      ]}
      rows={seen.games}
      empty={<Empty>No game is on. One begins as soon as a group is complete.</Empty>}
      line={(one) => (
        <tr key={one.id} data-game={one.id}>
          <td>
            <Id id={one.id} />
          </td>
          <td>{one.experiment}</td>
          <td>{one.scene}</td>
          <td>{one.mode}</td>
          <td>
            <ul class="seats">
              {one.seats.map((seat) => (
                <li key={seat.seat}>
                  {seat.seat} <Id id={seat.session} />
                </li>
              ))}
            </ul>
          </td>
          <td class="n">{duration((seen.now_ms - one.since_ms) / 1000)}</td>
          <td>{one.owner || <span class="soft">waits for a worker</span>}</td>
          <td class="n">{times(Number(one.generation) - 1)}</td>
          <td>
            <WatchLink experiment={one.experiment} game={one.id} />
          </td>
        </tr>
      )}
    >
      {seen.games_hidden > 0 && (
        <p class="soft">{number(seen.games_hidden)} more are not listed.</p>
      )}
    </Listed>
  );
}

/** To what the people of a live game see. */
export function WatchLink({ experiment, game }: { experiment: string; game: string }) {
  const href = `/admin/games/${encodeURIComponent(experiment)}/${encodeURIComponent(game)}`;
  return (
    <a href={href} onClick={stay} aria-label={`Watch game ${game.slice(0, 8)}`}>
      Watch
    </a>
  );
}

/** How often another worker had to go on with it. */
const times = (n: number): string => (n > 0 ? plural(n, 'time') : 'never');
