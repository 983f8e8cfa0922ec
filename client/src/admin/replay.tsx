/** A recorded episode: what people saw, what they did and how late everything was, at every tick. */

import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { clock, plural } from './format.ts';
import { Empty, Id, Part } from './parts.tsx';
import { Playing, type Told } from './playing.ts';
import { Reel, unpacked } from './reel.ts';
import { stay } from './router.ts';
import { fetched, order, whyNot } from './said.ts';
import { called, full, Screen, Seats, type Picture, type Shown } from './screen.tsx';
import { Strip, type Strips } from './strips.tsx';
import { rounded } from './games.tsx';

interface About extends Omit<Shown, 'assets_at'> {
  episode: string;
  number: number;
  scene: string;
  mode: string;
  outcome: string | null;
  package: string;
  practice: boolean;
  partial: boolean;
  seed: number;
  started_ms: number | null;
  labels: Record<string, string>;
  seats: { seat: string; session: string | null; score: number }[];
  views: { seat: string; pieces: number[] }[];
  ticks: number;
  filmed: number;
  differs: string;
  whole: boolean;
  exact: boolean;
}

/** What /admin/episodes/<episode>.json answers. */
type Film = { experiment: string; may_export: boolean } & (
  | { state: 'ready'; about: About; others: string[] }
  | { state: 'waiting'; share: number; ahead: number }
  | { state: 'failed'; text: string; hint: string }
  | { state: 'none' }
);

const AGAIN_MS = 500;
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];

const at = (episode: string, file = ''): string =>
  `/admin/episodes/${encodeURIComponent(episode)}${file}`;

export function Replay({ episode, form_token }: { episode: string; form_token: string }) {
  const [film, setFilm] = useState<Film | null>(null);
  const [trouble, setTrouble] = useState('');
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let left = false;
    let timer = 0;
    const heard = (said: Film): void => {
      if (left) return;
      setFilm(said);
      setTrouble('');
      if (said.state === 'waiting') timer = window.setTimeout(() => void ask(), AGAIN_MS);
      if (said.state === 'none') setTrouble('The film was thrown away meanwhile.');
    };
    const fail = (error: unknown): void => void (left || setTrouble(whyNot(error)));
    const ask = (): Promise<void> => fetched<Film>(at(episode, '.json')).then(heard, fail);
    void order<Film>(at(episode, '/film.json'), form_token).then(heard, fail);
    return () => {
      left = true;
      window.clearTimeout(timer);
    };
  }, [episode, form_token, turn]);
  const failed = trouble || (film?.state === 'failed' && `${film.text} ${film.hint}`);
  return (
    <Part
      id="replay"
      title={`Episode ${episode.slice(0, 8)}${episode.slice(episode.lastIndexOf('-'))}`}
      aside={
        film && (
          <p class="soft">
            {film.experiment}
            {film.state === 'ready' && (
              <>
                {' '}
                · {film.about.scene} <span class="tag quiet">{film.about.mode}</span>
                {film.about.started_ms !== null && ` ${clock(film.about.started_ms, Date.now())}`}
              </>
            )}
          </p>
        )
      }
    >
      {failed ? (
        <>
          <p class="alert" role="alert">
            {failed}
          </p>
          <p class="actions">
            <button
              type="button"
              onClick={() => (setFilm(null), setTrouble(''), setTurn(turn + 1))}
            >
              Try again
            </button>
            {film?.may_export && <Download episode={episode} />}
          </p>
        </>
      ) : film?.state === 'ready' ? (
        <Player key={episode} film={film} />
      ) : (
        <Making film={film?.state === 'waiting' ? film : null} />
      )}
    </Part>
  );
}

function Making({ film }: { film: { share: number; ahead: number } | null }) {
  const share = film?.share ?? 0;
  return (
    <Empty>
      {film && film.ahead > 0
        ? `Waiting: ${film.ahead} before this one.`
        : 'The episode is run once more from its log, to see what people saw.'}
      <progress class="making" value={share || undefined} max={1} aria-label="Filmed so far" />
    </Empty>
  );
}

const Download = ({ episode }: { episode: string }) => (
  <a href={at(episode, '/download.zip')} download>
    Download its data
  </a>
);

function Player({ film }: { film: Extract<Film, { state: 'ready' }> }) {
  const { about } = film;
  const { episode, fps, filmed, ticks } = about;
  const [view, setView] = useState(0);
  const [speed, setSpeed] = useState(1);
  const [told, setTold] = useState<Told>({ tick: -1, playing: false, waits: true, trouble: '' });
  const [strips, setStrips] = useState<Strips | null>(null);
  const [hud, setHud] = useState('');
  const playing = useRef<Playing | null>(null);
  const where = useRef({ tick: asked(filmed), playing: false }); // where it goes on in another view
  const shown = useMemo<Shown>(
    () => ({ ...about, assets_at: `/assets/${about.package}/` }),
    [about],
  );
  useEffect(() => {
    fetched<Strips>(at(episode, '/strips.json')).then(setStrips, () => undefined);
  }, [episode]);

  const ready = useCallback(
    (picture: Picture) => {
      const pieces = about.views[view]?.pieces ?? [];
      const reel = new Reel(pieces, async (piece) => {
        const answer = await fetch(at(episode, `/${view}-${piece}.json`));
        if (!answer.ok) throw new Error('A part of the film did not come. Open the episode anew.');
        return unpacked(await answer.arrayBuffer());
      });
      const mine = new Playing(reel, picture, fps * speed, filmed, (now) => {
        where.current = now;
        setTold(now);
        setHud(picture.scene.hud);
      });
      playing.current = mine;
      const goes = where.current.playing;
      void mine.seek(where.current.tick).then(() => goes && mine.play(true));
      let request = requestAnimationFrame(function run(now) {
        mine.run(now);
        request = requestAnimationFrame(run);
      });
      return () => cancelAnimationFrame(request);
    },
    [about, view, speed, episode, fps, filmed],
  );
  const { tick } = told;
  useEffect(() => {
    if (told.playing || tick < 0) return;
    history.replaceState(null, '', tick ? `?tick=${tick}` : location.pathname);
  }, [tick, told.playing]);
  const seek = useCallback((to: number) => void playing.current?.seek(to), []);
  const press = (event: KeyboardEvent): void => {
    const on = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pressed = on.matches('button, a, select');
    const ranged = on.matches('input');
    const far = event.shiftKey ? Math.round(fps) : 1;
    if (event.key === ' ' && !pressed) playing.current?.play(!told.playing);
    else if (event.key === 'ArrowRight' && !on.matches('select') && !ranged) seek(tick + far);
    else if (event.key === 'ArrowLeft' && !on.matches('select') && !ranged) seek(tick - far);
    else return;
    event.preventDefault();
  };
  const names = about.views.map((one) => one.seat);
  const people = Object.fromEntries(about.seats.map((one) => [one.seat, one.session ?? '']));
  return (
    <div class="theatre" onKeyDown={press} tabIndex={-1}>
      <div class="theatre-bar">
        <Seats
          seats={names}
          names={about.labels}
          people={people}
          chosen={names[view] ?? ''}
          choose={(seat) => setView(Math.max(0, names.indexOf(seat)))}
        />
        <Others episode={episode} others={film.others} />
        <button type="button" onClick={full}>
          Full screen
        </button>
      </div>
      <Ends about={about} />
      {hud && <p class="theatre-hud">{hud}</p>}
      <Screen
        shown={shown}
        fps={fps * speed}
        label={`Episode ${episode}${names[view] ? `, as ${names[view]} saw it` : ''}`}
        ready={ready}
      />
      <div class="theatre-bar player">
        <button
          type="button"
          class="primary"
          aria-keyshortcuts="Space"
          onClick={() => playing.current?.play(!told.playing)}
        >
          {told.playing ? 'Pause' : 'Play'}
        </button>
        <button type="button" aria-label="−1 tick" onClick={() => seek(tick - 1)}>
          −1
        </button>
        <button type="button" aria-label="+1 tick" onClick={() => seek(tick + 1)}>
          +1
        </button>
        <input
          type="range"
          class="scrubber"
          min={0}
          max={ticks}
          value={Math.max(0, tick)}
          aria-label="Tick"
          aria-valuetext={`tick ${Math.max(0, tick)} of ${ticks}, ${time(tick, fps)}`}
          onInput={(event) => seek(Number(event.currentTarget.value))}
        />
        <output class="n" data-tick={tick} data-waits={told.waits}>
          {Math.max(0, tick)} / {ticks} <span class="soft">{time(tick, fps)}</span>
        </output>
        <label>
          <span class="unseen">Speed</span>
          <select
            value={String(speed)}
            onChange={(event) => setSpeed(Number(event.currentTarget.value))}
          >
            {SPEEDS.map((one) => (
              <option key={one} value={String(one)}>
                {one} ×
              </option>
            ))}
          </select>
        </label>
      </div>
      {told.trouble && (
        <p class="alert" role="alert">
          {told.trouble}
        </p>
      )}
      {strips && (
        <Strip strips={strips} ticks={ticks} tick={Math.max(0, tick)} fps={fps} seek={seek} />
      )}
      <Moment about={about} strips={strips} tick={tick} />
      <p class="actions">
        <a href={`?tick=${Math.max(0, tick)}`}>Link to this tick</a>
        {film.may_export && <Download episode={episode} />}
        <span class="soft">
          Space plays and pauses; arrows go by a tick, with Shift by a second.
        </span>
      </p>
    </div>
  );
}

/** The tick of the address, as far as there is one. */
function asked(most: number): number {
  const said = Number(new URLSearchParams(location.search).get('tick'));
  return Number.isFinite(said) ? Math.max(0, Math.min(most, Math.round(said))) : 0;
}

const time = (tick: number, fps: number): string => `${(Math.max(0, tick) / fps).toFixed(2)} s`;

function Others({ episode, others }: { episode: string; others: string[] }) {
  if (others.length < 2) return null;
  return (
    <nav class="choice" aria-label="Episodes of this game">
      {others.map((one) => (
        <a
          key={one}
          href={at(one)}
          onClick={stay}
          aria-current={one === episode ? 'page' : undefined}
        >
          {one.slice(one.lastIndexOf('-') + 1)}
        </a>
      ))}
    </nav>
  );
}

/** Why there are no pictures of all of it. */
function Ends({ about }: { about: About }) {
  if (about.differs)
    return (
      <p class="alert">
        Run again, it went another way from tick {about.filmed + 1} on ({about.differs}). Pictures
        end there; what is below is from the log.
        {!about.exact &&
          ' The environment did not repeat itself when the package was checked either.'}
      </p>
    );
  if (!about.whole)
    return <p class="alert">The film is as long as may be kept: pictures end at {about.filmed}.</p>;
  return null;
}

const ACTORS: Record<string, string> = {
  h: 'person',
  b: 'policy',
  d: 'default action',
  r: 'not asked',
};

function Moment(props: { about: About; strips: Strips | null; tick: number }) {
  const { about, strips, tick } = props;
  const sums = useMemo(() => totals(strips), [strips]);
  const row = tick - 1; // the step that led here
  const late = strips?.late_ms[row];
  return (
    <div class="scroll">
      <table class="moment" aria-label="At this tick">
        <thead>
          <tr>
            <th scope="col">Seat</th>
            <th scope="col">Who</th>
            <th scope="col">Acted</th>
            <th scope="col">Action</th>
            <th scope="col">Reward</th>
            <th scope="col">Score</th>
            <th scope="col">Saw</th>
            <th scope="col">Round trip</th>
          </tr>
        </thead>
        <tbody>
          {about.seats.map(({ seat, session, score }) => {
            const said = strips?.seats[seat];
            const label = strips?.labels[said?.actions[row] ?? -1];
            const lag = said?.lag[row];
            const rtt = said?.rtt[row];
            const so_far = tick >= about.ticks ? score : (sums[seat]?.[row] ?? 0);
            return (
              <tr key={seat} data-seat={seat}>
                <th scope="row">{called(seat, about.labels)}</th>
                <td>{session ? <Id id={session} /> : <span class="soft">policy</span>}</td>
                <td>{ACTORS[said?.actors[row] ?? ''] ?? ''}</td>
                <td>
                  {label && (
                    <>
                      <code>{label.action}</code> {label.keys && <kbd>{label.keys}</kbd>}
                    </>
                  )}
                </td>
                <td class="n">{said && row >= 0 ? rounded(said.rewards[row] ?? 0) : ''}</td>
                <td class="n" data-score={rounded(so_far)}>
                  {rounded(so_far)}
                </td>
                <td class="n">{lag == null ? '' : `${plural(lag, 'tick')} before`}</td>
                <td class="n">{rtt == null ? '' : `${Math.round(rtt)} ms`}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {late != null && <p class="soft moment-late">This tick began {late} ms after it was due.</p>}
    </div>
  );
}

/** Seat -> the sum of its rewards up to each tick. */
function totals(strips: Strips | null): Record<string, number[]> {
  const made: Record<string, number[]> = {};
  for (const [seat, { rewards }] of Object.entries(strips?.seats ?? {})) {
    let sum = 0;
    made[seat] = rewards.map((reward) => (sum += reward));
  }
  return made;
}
