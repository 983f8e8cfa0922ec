/** Games that are on, how they go, and those that were played lately. */

import { useEffect, useState } from 'preact/hooks';
import { GameActions } from './actions.tsx';
import { may } from './boot.ts';
import { clock, duration, number, plural } from './format.ts';
import { useNews } from './news.ts';
import { Paces } from './paces.tsx';
import { Empty, Id, Listed } from './parts.tsx';
import { Recent } from './recent.tsx';
import { go, stay } from './router.ts';
import { follow, type Game, type Seen } from './said.ts';

/** What /admin/games.json answers: some of the live games, those in trouble first. */
interface Some {
  now_ms: number;
  total: number;
  /** The place of the first of them, and how many are told of at a time. */
  from: number;
  most: number;
  games: Game[];
}

export function Games({ seen, paused }: { seen: Seen; paused: boolean }) {
  const [from, setFrom] = useState(0);
  const news = useNews<Some>('/admin/games.json', 1000, paused, `?from=${from}`);
  const { said, busy, trouble } = news;
  return (
    <>
      <Listed
        id="games"
        title="Live games"
        aside={<p class="soft">{said ? places(said) : plural(seen.games.total, 'game')}</p>}
        heads={[
          'Game',
          'Experiment',
          'Goes',
          'Players',
          'Episode',
          'Score',
          'Ticks/s',
          'Late',
          'Runs for',
          'Worker',
          ...(may('control') ? ['Act on it'] : []),
        ]}
        rows={said?.games ?? []}
        busy={busy}
        empty={
          <Empty>
            {said
              ? 'No game is on. One begins as soon as a group is complete.'
              : trouble || 'Asking which games are on …'}
          </Empty>
        }
        line={(one) => <Live key={one.id} one={one} now_ms={said?.now_ms ?? seen.now_ms} />}
      >
        {said && trouble && <p class="alert">{trouble} Trying again.</p>}
        {said && said.total > said.most && (
          <p class="turning">
            <button disabled={said.from === 0} onClick={() => setFrom(said.from - said.most)}>
              Previous {said.most}
            </button>
            <button
              disabled={said.from + said.most >= said.total}
              onClick={() => setFrom(said.from + said.most)}
            >
              Next {said.most}
            </button>
            <span class="soft">Games in trouble come first.</span>
          </p>
        )}
      </Listed>
      <div class="histograms">
        <Paces of={seen.games} />
      </div>
      <Recent paused={paused} now_ms={seen.now_ms} />
      <Finished paused={paused} />
    </>
  );
}

/** "1 game", or "31 to 60 of 100 games" where not all of them are here. */
export const places = (said: Pick<Some, 'from' | 'total'> & { games: unknown[] }): string =>
  said.games.length === said.total
    ? plural(said.total, 'game')
    : `${said.from + 1} to ${said.from + said.games.length} of ${plural(said.total, 'game')}`;

function Live({ one, now_ms }: { one: Game; now_ms: number }) {
  const [kind, said] = one.goes;
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
