/** Games that are on, how they go, and those that were played lately. */

import { useEffect, useState } from 'preact/hooks';
import { GameActions } from './actions.tsx';
import { may } from './boot.ts';
import { clock, duration, number, plural } from './format.ts';
import { Empty, Id, Listed } from './parts.tsx';
import { Recent } from './recent.tsx';
import { go, stay } from './router.ts';
import { follow, type Game, type Seen } from './said.ts';

export function Games({ seen, paused }: { seen: Seen; paused: boolean }) {
  return (
    <>
      <Listed
        id="games"
        title="Live games"
        aside={<p class="soft">{plural(seen.games_total, 'game')}</p>}
        heads={[
          'Game',
          'Experiment',
          'Goes',
          'Players',
          'Episode',
          'Score',
          'Ticks a second',
          'Late',
          'Runs for',
          'Worker',
          ...(may('control') ? ['Act on it'] : []),
        ]}
        rows={seen.games}
        empty={<Empty>No game is on. One begins as soon as a group is complete.</Empty>}
        line={(one) => <Live key={one.id} one={one} now_ms={seen.now_ms} />}
      >
        {seen.games_hidden > 0 && (
          <p class="soft">{number(seen.games_hidden)} more are not listed.</p>
        )}
      </Listed>
      <Recent paused={paused} now_ms={seen.now_ms} />
      <Finished paused={paused} />
    </>
  );
}

/** How a game goes, the worst first. */
export function health(one: Game): { kind: 'good' | 'fair' | 'poor'; said: string } {
  if (!one.owner) return { kind: 'poor', said: 'waits for a worker' };
  const gone = one.seats.filter((seat) => seat.away === 'gone').map((seat) => seat.seat);
  if (gone.length > 0) return { kind: 'poor', said: `${gone.join(', ')} not connected` };
  if (one.paused_ms) return { kind: 'fair', said: 'paused by an admin' };
  const part = one.pace !== null && one.fps > 0 ? one.pace / one.fps : 1;
  // Before an episode, between two and while somebody is waited for no tick is played.
  if (one.pace === 0) return { kind: 'fair', said: 'stands still' };
  if (part < 0.9) return { kind: 'poor', said: 'slower than declared' };
  if (one.fps > 0 && one.late_ms > 1000 / one.fps) return { kind: 'fair', said: 'ticks are late' };
  const away = one.seats.filter((seat) => seat.away !== '').map((seat) => seat.seat);
  if (away.length > 0) return { kind: 'fair', said: `${away.join(', ')} looks away` };
  if (Number(one.generation) > 1) return { kind: 'fair', said: times(Number(one.generation) - 1) };
  return { kind: 'good', said: 'well' };
}

function Live({ one, now_ms }: { one: Game; now_ms: number }) {
  const { kind, said } = health(one);
  const taken = Number(one.generation) - 1;
  return (
    <tr data-game={one.id}>
      <td>
        <Id id={one.id} /> <WatchLink experiment={one.experiment} game={one.id} />
      </td>
      <td>
        {one.experiment} <span class="soft">{one.scene}</span>
        {one.mode !== 'live' && <span class="tag quiet">{one.mode}</span>}
      </td>
      <td>
        <span class={`goes ${kind}`}>{said}</span>
      </td>
      <td>
        <ul class="seats">
          {one.seats.map((seat) => (
            <li key={seat.seat}>
              {seat.seat} <Id id={seat.session} />{' '}
              <span class="n soft">{seat.rtt_ms === null ? '' : `${seat.rtt_ms} ms`}</span>
            </li>
          ))}
        </ul>
      </td>
      <td class="n">
        {one.episode === null
          ? ''
          : `${one.episode + 1}${one.episodes ? ` of ${one.episodes}` : ''}`}
        {one.episode !== null && <span class="soft"> tick {number(one.tick)}</span>}
      </td>
      <td class="n">
        <Scores scores={one.scores} />
      </td>
      <td class="n">
        {one.pace === null ? '…' : one.pace.toFixed(1)}
        {one.fps > 0 && <span class="soft"> of {one.fps}</span>}
      </td>
      <td class="n">{one.late_ms.toFixed(1)} ms</td>
      <td class="n">{duration((now_ms - one.since_ms) / 1000)}</td>
      <td>
        {one.owner || <span class="soft">none yet</span>}
        {taken > 0 && <span class="soft"> {times(taken)}</span>}
      </td>
      {may('control') && (
        <td>
          <GameActions game={one} />
        </td>
      )}
    </tr>
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

function Scores({ scores }: { scores: Record<string, number> }) {
  return (
    <ul class="seats">
      {Object.entries(scores).map(([seat, score]) => (
        <li key={seat}>
          {rounded(score)} <span class="soft">{seat}</span>
        </li>
      ))}
    </ul>
  );
}

export const rounded = (score: number): string => String(Math.round(score * 1000) / 1000);

/** A game of /admin/finished.json. */
interface Over {
  experiment: string;
  id: string;
  scene: string;
  mode: string;
  outcome: string;
  created_ms: number;
  ended_ms: number;
  generation: number;
  /** That were played to their end. */
  episodes: number;
  /** Id of the last one that was written to; "" = none. */
  episode: string;
  scores: Record<string, number>;
}

const EVERY_MS = 3000;

function Finished({ paused }: { paused: boolean }) {
  const [told, setTold] = useState<{ now_ms: number; games: Over[] } | null>(null);
  const [trouble, setTrouble] = useState('');
  useEffect(() => {
    if (paused) return;
    return follow<{ now_ms: number; games: Over[] }>(
      () => '/admin/finished.json',
      EVERY_MS,
      (said) => (setTold(said), setTrouble('')),
      setTrouble,
    );
  }, [paused]);
  return (
    <Listed
      id="finished"
      title="Played lately"
      aside={told && <p class="soft">{plural(told.games.length, 'game')}</p>}
      heads={['Game', 'Experiment', 'Ended', 'Outcome', 'Episodes', 'Score', 'Took', 'Taken over']}
      rows={told?.games ?? []}
      empty={
        <Empty>
          {told ? 'No game has ended lately.' : trouble || 'Asking which games have ended …'}
        </Empty>
      }
      line={(one) => (
        <tr key={one.id} data-finished={one.id}>
          <td>
            <Id id={one.id} />{' '}
            {one.episode && (
              <a
                href={`/admin/episodes/${encodeURIComponent(one.episode)}`}
                onClick={stay}
                aria-label={`Replay game ${one.id.slice(0, 8)}`}
              >
                Replay
              </a>
            )}
          </td>
          <td>
            {one.experiment} <span class="soft">{one.scene}</span>
            {one.mode !== 'live' && <span class="tag quiet">{one.mode}</span>}
          </td>
          <td class="n">{clock(one.ended_ms, told?.now_ms ?? one.ended_ms)}</td>
          <td>
            <span class={`goes ${one.outcome === 'finished' ? 'good' : 'poor'}`}>
              {one.outcome}
            </span>
          </td>
          <td class="n">{number(one.episodes)}</td>
          <td class="n">
            <Scores scores={one.scores} />
          </td>
          <td class="n">{duration((one.ended_ms - one.created_ms) / 1000)}</td>
          <td class="n">{times(one.generation - 1)}</td>
        </tr>
      )}
    >
      {told && trouble && <p class="alert">{trouble}</p>}
      <Older />
    </Listed>
  );
}

/** Any episode that is in the data, by its id in the table `episodes`. */
function Older() {
  const open = (event: SubmitEvent): void => {
    event.preventDefault();
    const said = new FormData(event.currentTarget as HTMLFormElement).get('episode');
    const id = typeof said === 'string' ? said.trim() : '';
    if (id) go(`/admin/episodes/${encodeURIComponent(id)}`);
  };
  return (
    <form class="older" onSubmit={open}>
      <label>
        Any other episode, by its id in the data{' '}
        <input name="episode" required maxLength={80} autocomplete="off" spellcheck={false} />
      </label>{' '}
      <button>Open</button>
    </form>
  );
}

/** How often another worker had to go on with it. */
const times = (n: number): string => (n > 0 ? `taken over ${plural(n, 'time')}` : 'never');
