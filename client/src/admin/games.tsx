/** Games that run now: who plays, for how long, and on which worker. */

import { duration, number, plural } from './format.ts';
import { Empty, Id, Part, Scroll } from './parts.tsx';
import type { Seen } from './said.ts';

export function Games({ seen }: { seen: Seen }) {
  return (
    <Part
      id="games"
      title="Live games"
      aside={<p class="soft">{plural(seen.games_total, 'game')}</p>}
    >
      {seen.games.length === 0 ? (
        <Empty>No game is on. One begins as soon as a group is complete.</Empty>
      ) : (
        <Scroll id="games">
          <table>
            <thead>
              <tr>
                <th scope="col">Game</th>
                <th scope="col">Experiment</th>
                <th scope="col">Scene</th>
                <th scope="col">Mode</th>
                <th scope="col">Players</th>
                <th scope="col">Runs for</th>
                <th scope="col">Worker</th>
                <th scope="col">Taken over</th>
              </tr>
            </thead>
            <tbody>
              {seen.games.map((one) => (
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
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {seen.games_hidden > 0 && (
        <p class="soft">{number(seen.games_hidden)} more are not listed.</p>
      )}
    </Part>
  );
}

/** How often another worker had to go on with it. */
const times = (n: number): string => (n > 0 ? plural(n, 'time') : 'never');
