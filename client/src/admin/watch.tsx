/** Looking on at a live game: what its people see, as they see it, and no way to take part. */

import { useCallback, useEffect, useState } from 'preact/hooks';
import { io } from 'socket.io-client';
import * as parser from 'socket.io-msgpack-parser';
import { decodeFrame, type Episode, type FrameArray, type Refused } from '../wire.gen.ts';
import { rounded } from './games.tsx';
import { Empty, Id, Part } from './parts.tsx';
import { stay } from './router.ts';
import { order, whyNot } from './said.ts';
import { called, full, Screen, Seats, type Picture, type Shown } from './screen.tsx';

/** What /admin/games/<experiment>/<game>/watch.json answers. */
interface Admitted extends Omit<Shown, 'game'> {
  permit: string;
  wire: number;
  scene: string;
  mode: string;
  seats: Record<string, string>;
  /** Seat -> the session of who sits there. */
  people: Record<string, string>;
  /** Every other seat -> what plays there. */
  policies: Record<string, string>;
}

/** A picture that has not come in so long will need an explanation. */
const PATIENCE_MS = 6_000;

type State = 'opening' | 'live' | 'lost' | 'over';

const WORDS: Record<State, string> = {
  opening: 'Opening …',
  live: 'Live',
  lost: 'No connection. Trying again.',
  over: 'The game is over.',
};

export function Watch(props: { experiment: string; game: string; form_token: string }) {
  const { experiment, game, form_token } = props;
  const [let_in, setLetIn] = useState<Admitted | null>(null);
  const [trouble, setTrouble] = useState('');
  const [turn, setTurn] = useState(0); // rises where a new permit is wanted
  useEffect(() => {
    let left = false;
    const path = `/admin/games/${encodeURIComponent(experiment)}/${encodeURIComponent(game)}/watch.json`;
    order<Admitted>(path, form_token).then(
      (said) => left || (setLetIn(said), setTrouble('')),
      (error: unknown) => left || setTrouble(whyNot(error)),
    );
    return () => void (left = true);
  }, [experiment, game, form_token, turn]);
  const again = useCallback(() => setTurn((n) => n + 1), []);

  return (
    <Part
      id="watch"
      title={`Game ${game.slice(0, 8)}`}
      aside={
        let_in && (
          <p class="soft">
            {experiment} · {let_in.scene} <span class="tag quiet">{let_in.mode}</span>
          </p>
        )
      }
    >
      {trouble ? (
        <>
          <p class="alert" role="alert">
            {trouble}
          </p>
          <p class="actions">
            <button type="button" onClick={again}>
              Try again
            </button>
            <a href="/admin/games">All games</a>
          </p>
        </>
      ) : let_in ? (
        <Theatre key={let_in.permit} let_in={let_in} game={game} again={again} fail={setTrouble} />
      ) : (
        <Empty>Opening the game …</Empty>
      )}
    </Part>
  );
}

interface Now {
  tick: number;
  fps: number;
  hud: string;
}

function Theatre(props: {
  let_in: Admitted;
  game: string;
  again: () => void;
  fail: (why: string) => void;
}) {
  const { let_in, game, again, fail } = props;
  const people = Object.keys(let_in.people);
  const [seat, setSeat] = useState(people[0] ?? '');
  const [state, setState] = useState<State>('opening');
  const [now, setNow] = useState<Now>({ tick: -1, fps: 0, hud: '' });
  const [episode, setEpisode] = useState<Episode | null>(null);
  const [late, setLate] = useState(false);
  const [shown] = useState<Shown>(() => ({ ...let_in, game }));

  const ready = useCallback(
    (picture: Picture) => {
      const socket = io({
        path: '/socket.io',
        transports: ['websocket'],
        parser,
        forceNew: true,
        auth: { watch: let_in.permit, wire: let_in.wire, seat },
        reconnectionDelay: 300,
        reconnectionDelayMax: 3_000,
      });
      let came = 0;
      let tick = -1;
      let quiet_ms = 0;
      const counting = setInterval(() => {
        quiet_ms = came > 0 ? 0 : quiet_ms + 1_000;
        setLate(tick < 0 && quiet_ms >= PATIENCE_MS);
        setNow({ tick, fps: came, hud: picture.scene.hud });
        came = 0;
      }, 1_000);
      socket.on('connect', () => {
        picture.begin(); // what comes first is whole
        setState('live');
      });
      socket.on('frame', (array: FrameArray) => {
        const frame = decodeFrame(array);
        if (!picture.hear(frame)) return;
        came++;
        if (tick < 0) setNow({ tick: frame.tick, fps: 0, hud: picture.scene.hud });
        tick = frame.tick;
      });
      socket.on('episode', (said: Episode) => {
        setEpisode(said);
        if (said.stage === 'over') setState('over');
      });
      socket.on('disconnect', (reason) => {
        setState((old) => (old === 'over' ? old : 'lost'));
        if (reason === 'io server disconnect') again(); // whether we still may is asked anew
      });
      socket.on('connect_error', (error: Error & { data?: Partial<Refused> }) => {
        if (socket.active) return setState((old) => (old === 'over' ? old : 'lost'));
        if (error.data?.code === 'bad_token') again();
        else fail([error.data?.text, error.data?.hint].filter(Boolean).join(' ') || error.message);
      });
      return () => {
        clearInterval(counting);
        socket.disconnect();
      };
    },
    [let_in, seat, again, fail],
  );

  return (
    <div class="theatre">
      <div class="theatre-bar">
        <p class="pulse" role="status" data-state={state === 'over' ? 'paused' : state}>
          {WORDS[state]}
        </p>
        <Seats
          seats={people}
          names={let_in.seats}
          people={let_in.people}
          chosen={seat}
          choose={setSeat}
        />
        <button type="button" onClick={full}>
          Full screen
        </button>
      </div>
      {now.hud && <p class="theatre-hud">{now.hud}</p>}
      <Screen
        shown={shown}
        fps={let_in.fps}
        label={`Game ${game}, as ${seated(seat, let_in.people)} sees it`}
        ready={ready}
      />
      {state === 'over' && episode && (
        <p>
          <a
            href={`/admin/episodes/${encodeURIComponent(game)}-${String(episode.episode).padStart(3, '0')}`}
            onClick={stay}
          >
            Replay its last episode
          </a>
        </p>
      )}
      {late && state !== 'over' && (
        <p class="alert">
          No picture has come yet. The game may wait for a worker or for its people, or enough
          admins watch it already.
        </p>
      )}
      <dl class="facts theatre-facts">
        <Fact name="Stands">{episode ? stands(episode, let_in.people) : 'not known yet'}</Fact>
        <Fact name="Tick">
          <span class="n" data-tick={now.tick}>
            {now.tick < 0 ? '–' : now.tick}
          </span>
        </Fact>
        <Fact name="Frames">
          <span class="n">
            {now.fps} of {let_in.fps} a second
          </span>
        </Fact>
        {Object.keys(let_in.seats).map((who) => (
          <Fact key={who} name={`Seat ${called(who, let_in.seats)}`}>
            <Sits seat={who} in={let_in} />
            {episode?.scores[who] !== undefined && (
              <span class="soft n"> score {rounded(episode.scores[who])}</span>
            )}
          </Fact>
        ))}
      </dl>
    </div>
  );
}

/** The person in a seat, or the policy; a seat that neither is known of goes by its name alone. */
function Sits({ seat, in: { people, policies } }: { seat: string; in: Admitted }) {
  if (people[seat]) return <Id id={people[seat]} />;
  return policies[seat] ? <>policy {policies[seat]}</> : <span class="soft">not known</span>;
}

/** A seat in a sentence, as *Games* has it. */
const seated = (seat: string, people: Record<string, string>): string =>
  people[seat] ? `${seat} ${people[seat].slice(0, 8)}` : seat;

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const STAGES: Record<Episode['stage'], string> = {
  asking: 'people are asked something',
  between: 'between two episodes',
  countdown: 'counting down',
  held: 'held: somebody is away',
  over: 'over',
  paused: 'paused by an admin',
  playing: 'playing',
  waiting: 'waiting for people',
};

function stands(
  { practice, round, rounds, stage, away }: Episode,
  people: Record<string, string>,
): string {
  const which = `${practice ? 'practice episode' : 'episode'} ${round}${rounds ? ` of ${rounds}` : ''}`;
  const gone = away.length ? ` (${away.map((seat) => seated(seat, people)).join(', ')})` : '';
  return `${which}, ${STAGES[stage]}${gone}`;
}
