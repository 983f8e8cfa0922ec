/** Buttons that act on a person, a game or an experiment; each asks first, and says what follows. */

import { useRef, useState } from 'preact/hooks';
import { boot, may } from './boot.ts';
import { give, newId, type Wanted } from './commands.ts';
import { Refused, type Experiment, type Game } from './said.ts';
import { Sure } from './sure.tsx';
import type { Row } from './table.ts';

/** As many as one request takes. */
const MOST_PEOPLE = 500;

interface Field {
  label: string;
  kind: 'words' | 'number';
  begins?: string;
  /** Whether it may be left empty. */
  optional?: boolean;
  most: number;
}

interface Asked {
  experiment: string;
  /** On the button. */
  label: string;
  title: string;
  /** What follows, in a sentence or two. */
  says: string;
  harms?: boolean;
  field?: Field;
  /** What is asked for, once the field says `said`. */
  wants: (said: string) => Wanted;
}

/** A button, and the question behind it. */
export function Act({ experiment, label, title, says, harms, field, wants }: Asked) {
  const [open, setOpen] = useState(false);
  const [said, setSaid] = useState('');
  const id = useRef('');
  const begin = (): void => {
    id.current = newId();
    setSaid(field?.begins ?? '');
    setOpen(true);
  };
  const act = async (): Promise<void> => {
    try {
      await give(experiment, boot().form_token, id.current, wants(said.trim()));
    } catch (error) {
      // Refused: the next try is another one. Not answered: it may have been done.
      if (error instanceof Refused) id.current = newId();
      throw error;
    }
  };
  const ready = !field || field.optional || said.trim() !== '';
  return (
    // A key pressed in the question is not for what is below it.
    <span onKeyDown={(event) => open && event.stopPropagation()}>
      <button type="button" class={harms ? 'danger' : ''} onClick={begin}>
        {label}
      </button>
      {open && (
        <Sure
          title={title}
          does={label}
          harms={harms ?? false}
          ready={ready}
          act={act}
          close={() => setOpen(false)}
        >
          <p>{says}</p>
          {field && (
            <div class="fields">
              <label>
                {field.label}
                {field.kind === 'words' ? (
                  <textarea
                    rows={3}
                    maxLength={field.most}
                    value={said}
                    onInput={(event) => setSaid(event.currentTarget.value)}
                  />
                ) : (
                  <input
                    type="number"
                    min={0}
                    max={field.most}
                    value={said}
                    onInput={(event) => setSaid(event.currentTarget.value)}
                  />
                )}
              </label>
            </div>
          )}
        </Sure>
      )}
    </span>
  );
}

const WORDS: Field = { label: 'What they read', kind: 'words', most: 500 };

/** To one person, or to several of one experiment. */
function Message({ experiment, sessions }: { experiment: string; sessions: string[] }) {
  const whom = sessions.length === 1 ? 'them' : `${sessions.length} people`;
  return (
    <Act
      experiment={experiment}
      label={sessions.length === 1 ? 'Message' : `Message ${sessions.length} people`}
      title={`Message ${whom}`}
      says="It appears over whatever they are doing, also in a game, until they put it away."
      field={WORDS}
      wants={(text) => ({ what: 'message', sessions, text })}
    />
  );
}

/** For one person in a waiting room, or for several of one experiment. */
function Longer({ experiment, sessions }: { experiment: string; sessions: string[] }) {
  const one = sessions.length === 1;
  return (
    <Act
      experiment={experiment}
      label={one ? 'Wait longer' : 'All wait longer'}
      title={one ? 'Let them wait longer' : `Let ${sessions.length} people wait longer`}
      says="Their time in the waiting room ends so much later. They see the new time."
      field={{ label: 'Minutes more', kind: 'number', begins: '5', most: 60 }}
      wants={(minutes) => ({ what: 'wait', sessions, number: Number(minutes) * 60 })}
    />
  );
}

/** What can be done about everybody in a waiting room. */
export function RoomActions({ experiment, sessions }: { experiment: string; sessions: string[] }) {
  if (!may('control') || sessions.length === 0 || sessions.length > MOST_PEOPLE) return null;
  return (
    <div class="actions" role="group" aria-label="Act on this room">
      <Message experiment={experiment} sessions={sessions} />
      <Longer experiment={experiment} sessions={sessions} />
    </div>
  );
}

/** What can be done about one person now. */
export function PersonActions({ row }: { row: Row }) {
  if (!may('control')) return null;
  const about = { experiment: row.experiment };
  const sessions = [row.id];
  const here = row.phase !== 'ended';
  return (
    <div class="actions" role="group" aria-label="Act on this person">
      {here && <Message {...about} sessions={sessions} />}
      {row.phase === 'waiting' && <Longer {...about} sessions={sessions} />}
      {row.phase === 'playing' && row.game && (
        <>
          <Bench {...about} game={row.game} seat={row.seat} />
          <GiveBack {...about} game={row.game} seat={row.seat} />
        </>
      )}
      {here && (
        <Act
          {...about}
          label="Remove"
          harms
          title="Remove them from the study?"
          says="Their session ends now and for good. They read your words and get the code of ended_by_researcher. Whoever they play with goes on by the scene's rule."
          field={{
            label: 'What they read (may be empty)',
            kind: 'words',
            optional: true,
            most: 500,
          }}
          wants={(text) => ({ what: 'remove', sessions, text })}
        />
      )}
      <Act
        {...about}
        label="Exclude"
        title="Mark their data as not to be used?"
        says="Nothing is taken away: the exported sessions say that they are excluded, why, and by whom."
        field={{ label: 'Why', kind: 'words', most: 500 }}
        wants={(text) => ({ what: 'exclude', sessions, text })}
      />
      <Act
        {...about}
        label="Include"
        title="Take that mark off again?"
        says="The exported sessions say that their data are not excluded."
        wants={() => ({ what: 'include', sessions })}
      />
    </div>
  );
}

/** What can be done about several people at once. */
export function PeopleActions({ rows }: { rows: readonly Row[] }) {
  const here = rows.filter((row) => row.phase !== 'ended');
  const experiments = new Set(here.map((row) => row.experiment));
  const [experiment] = experiments;
  if (!may('control') || experiments.size !== 1 || !experiment) return null;
  if (here.length < 2 || here.length > MOST_PEOPLE) return null;
  return (
    <div class="actions people-act">
      <Message experiment={experiment} sessions={here.map((row) => row.id)} />
    </div>
  );
}

interface Seat {
  experiment: string;
  game: string;
  seat: string;
}

const Bench = ({ experiment, game, seat }: Seat) => (
  <Act
    experiment={experiment}
    label={`Policy in ${seat}`}
    title={`Let a policy play in seat ${seat}?`}
    says="The scene's policy plays from now on. Whoever sits there sees the game and goes on with the others after it, unless they get the seat back."
    wants={() => ({ what: 'bench', game, seat })}
  />
);

const GiveBack = ({ experiment, game, seat }: Seat) => (
  <Act
    experiment={experiment}
    label={`Give ${seat} back`}
    title={`Give seat ${seat} back?`}
    says="If its person is there, they play again at the next tick."
    wants={() => ({ what: 'seat', game, seat })}
  />
);

/** What can be done about a live game. */
export function GameActions({ game }: { game: Game }) {
  if (!may('control')) return null;
  const about = { experiment: game.experiment };
  const id = { game: game.id };
  return (
    <div class="actions" role="group" aria-label={`Act on game ${game.id}`}>
      {game.paused_ms ? (
        <Act
          {...about}
          label="Go on"
          title="Let the game go on?"
          says="Its people play again at once."
          wants={() => ({ what: 'resume', ...id })}
        />
      ) : (
        <Act
          {...about}
          label="Pause game"
          title="Pause the game?"
          says="It stands still, and its people read that you have paused it. It goes on by itself after half an hour."
          wants={() => ({ what: 'pause', ...id })}
        />
      )}
      {game.seats.map(({ seat }) =>
        game.benched[seat] ? (
          <GiveBack key={seat} {...about} {...id} seat={seat} />
        ) : (
          <Bench key={seat} {...about} {...id} seat={seat} />
        ),
      )}
      <Act
        {...about}
        label="End game"
        harms
        title="End the game for everybody in it?"
        says="Their sessions end with the outcome ended_by_researcher, and its code. What was played so far is in the data."
        wants={() => ({ what: 'end', ...id })}
      />
    </div>
  );
}

/** What can be done about an experiment: its newcomers, and everybody in it. */
export function ExperimentActions({ one }: { one: Experiment }) {
  if (!may('control') && !may('release')) return null;
  const about = { experiment: one.id };
  return (
    <div class="actions" role="group" aria-label={`Act on ${one.title || one.id}`}>
      {may('control') && (
        <Act
          {...about}
          label="Message everybody"
          title={`Message everybody in ${one.title || one.id}`}
          says="It appears on the screen of all who are in the study now, until they put it away."
          field={WORDS}
          wants={(text) => ({ what: 'message', everybody: true, text })}
        />
      )}
      {may('release') && (
        <>
          {one.closed_ms ? (
            <Act
              {...about}
              label="Open recruitment"
              title="Let newcomers in?"
              says="Whoever opens the link begins the study."
              wants={() => ({ what: 'open' })}
            />
          ) : (
            <Act
              {...about}
              label="Close recruitment"
              harms
              title="Let nobody new in?"
              says="Whoever opens the link reads that the study takes nobody new. Whoever has begun goes on."
              wants={() => ({ what: 'close' })}
            />
          )}
          <Act
            {...about}
            label="Cap"
            title="How many participants?"
            says={`Nobody new is let in while so many are in the study or have completed it (now ${one.taken}). 0 is any number.`}
            field={{
              label: 'Participants at the most',
              kind: 'number',
              begins: String(one.cap),
              most: 1_000_000,
            }}
            wants={(most) => ({ what: 'cap', number: Math.floor(Number(most)) })}
          />
        </>
      )}
    </div>
  );
}

/** What newcomers of an experiment meet, in a few words. */
export function Recruitment({ one }: { one: Experiment }) {
  const full = one.cap > 0 && one.taken >= one.cap;
  const said = one.closed_ms ? 'closed' : full ? 'full' : 'open';
  return (
    <p class="recruitment">
      Recruitment is <strong data-recruitment={said}>{said}</strong>
      {one.cap > 0 && (
        <span class="soft">
          {' '}
          · {one.taken} of {one.cap} participants
        </span>
      )}
    </p>
  );
}
