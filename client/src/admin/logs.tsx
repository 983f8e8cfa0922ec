/** What participants' browsers and our own processes log, newest first. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { clock, number, plural } from './format.ts';
import { found, joined, subjects, type Line, type Wanted } from './lines.ts';
import { Empty, Id, Part } from './parts.tsx';
import { follow } from './said.ts';

type Kind = 'browsers' | 'server';

interface Told {
  now_ms: number;
  lines: Line[];
  /** The least severe line that browsers are asked for; "off" = none. */
  on?: string;
  followed?: string[];
}

const EVERY_MS = 1500;
const MOST_SHOWN = 300;
const KINDS: [Kind, string][] = [
  ['browsers', 'Participants’ browsers'],
  ['server', 'Server'],
];

export function Logs({ paused, form_token }: { paused: boolean; form_token: string }) {
  const asked = useMemo(() => new URLSearchParams(location.search), []);
  const [kind, setKind] = useState<Kind>(asked.get('of') === 'server' ? 'server' : 'browsers');
  const [wanted, setWanted] = useState<Wanted>({
    level: 'debug',
    whom: asked.get('about') ?? '',
    words: '',
  });
  const set = (part: Partial<Wanted>): void => setWanted((old) => ({ ...old, ...part }));
  return (
    <Part
      id="logs"
      title="Logs"
      aside={
        <div class="choices" role="group" aria-label="Whose logs">
          {KINDS.map(([name, label]) => (
            <button
              key={name}
              type="button"
              aria-pressed={kind === name}
              onClick={() => setKind(name)}
            >
              {label}
            </button>
          ))}
        </div>
      }
    >
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label>
          <span class="unseen">Level</span>
          <select
            value={wanted.level}
            onChange={(event) => set({ level: event.currentTarget.value })}
          >
            <option value="debug">Level: all</option>
            <option value="info">info and worse</option>
            <option value="warning">warnings and worse</option>
            <option value="error">errors</option>
          </select>
        </label>
        <label class="wide">
          <span class="unseen">About</span>
          <input
            type="search"
            placeholder="Id of a participant, session, game or episode"
            value={wanted.whom}
            onInput={(event) => set({ whom: event.currentTarget.value })}
          />
        </label>
        <label class="wide">
          <span class="unseen">Text</span>
          <input
            type="search"
            placeholder="Words in the text"
            value={wanted.words}
            onInput={(event) => set({ words: event.currentTarget.value })}
          />
        </label>
      </form>
      <Lines
        key={kind}
        kind={kind}
        wanted={wanted}
        pick={(whom) => set({ whom })}
        paused={paused}
        form_token={form_token}
      />
    </Part>
  );
}

interface LinesProps {
  kind: Kind;
  wanted: Wanted;
  /** Show what is about that id. */
  pick: (id: string) => void;
  paused: boolean;
  form_token: string;
}

function Lines({ kind, wanted, pick, paused, form_token }: LinesProps) {
  const [told, setTold] = useState<Told | null>(null);
  const [lines, setLines] = useState<Line[]>([]);
  const [trouble, setTrouble] = useState('');
  const since = useRef(0);
  useEffect(() => {
    if (paused) return;
    return follow<Told>(
      () => `/admin/logs/${kind}.json?since=${since.current}`,
      EVERY_MS,
      (said) => {
        since.current = said.now_ms;
        setTold(said);
        setLines((old) => joined(old, said.lines));
        setTrouble('');
      },
      setTrouble,
    );
  }, [kind, paused]);
  const shown = useMemo(() => found(lines, wanted).reverse(), [lines, wanted]);
  if (!told)
    return trouble ? <p class="alert">{trouble} Trying again.</p> : <Empty>Asking …</Empty>;
  return (
    <>
      {trouble && <p class="alert">{trouble} Trying again.</p>}
      {kind === 'server' && (
        <Followed
          whom={wanted.whom.trim()}
          followed={told.followed ?? []}
          form_token={form_token}
          done={(followed) => setTold({ ...told, followed })}
        />
      )}
      {told.on === 'off' && (
        <p class="soft">
          Browsers are not asked for what their consoles say. The setting <code>browser_logs</code>{' '}
          turns it on: <code>IGYM_BROWSER_LOGS=warn</code>.
        </p>
      )}
      {shown.length === 0 ? (
        <Empty>
          {lines.length ? 'No line is like that.' : 'Nothing was logged in the last seven days.'}
        </Empty>
      ) : (
        <ol class="log" aria-label="Lines, newest first">
          {shown.slice(0, MOST_SHOWN).map((line) => (
            <Row
              key={`${line.id} ${line.experiment ?? ''}`}
              line={line}
              now_ms={told.now_ms}
              pick={pick}
            />
          ))}
        </ol>
      )}
      {shown.length > MOST_SHOWN && (
        <p class="soft">{number(shown.length - MOST_SHOWN)} older lines are not shown.</p>
      )}
    </>
  );
}

/** One line: its first words in sight, the rest of it a click away. */
export function Row(props: { line: Line; now_ms: number; pick?: (id: string) => void }) {
  const { line, now_ms, pick } = props;
  const about = subjects(line).filter(([name]) => name !== 'experiment');
  const [first = '', ...rest] = line.text.split('\n');
  const more = [...rest, ...(line.trace ? [line.trace] : [])].join('\n');
  return (
    <li data-level={line.level}>
      <time class="n soft">{clock(line.at_ms, now_ms)}</time>
      <span class="level">{line.level}</span>
      <div>
        {more ? (
          <details>
            <summary class="said">{first}</summary>
            <pre tabIndex={0}>{more}</pre>
          </details>
        ) : (
          <span class="said">{first}</span>
        )}
        {line.dropped > 0 && (
          <p class="lost">{plural(line.dropped, 'line')} around it came too fast to be kept.</p>
        )}
      </div>
      <p class="soft about">
        <span>
          {[line.experiment ?? line.about?.['experiment'], line.from].filter(Boolean).join(' · ')}
        </span>
        {about.map(([name, id]) => (
          <span key={name}>
            {name}{' '}
            {pick ? (
              <button type="button" class="plain" onClick={() => pick(id)}>
                <Id id={id} />
              </button>
            ) : (
              <Id id={id} />
            )}
          </span>
        ))}
      </p>
    </li>
  );
}

interface FollowedProps {
  whom: string;
  followed: string[];
  form_token: string;
  done: (followed: string[]) => void;
}

/** Warnings are always kept; of what is followed, every line. */
function Followed({ whom, followed, form_token, done }: FollowedProps) {
  const [trouble, setTrouble] = useState('');
  const ask = async (): Promise<void> => {
    try {
      const answer = await fetch('/admin/logs/follow.json', {
        method: 'POST',
        headers: { 'X-Form-Token': form_token },
        body: new URLSearchParams({ id: whom }),
      });
      const said = (await answer.json()) as { followed?: string[]; text?: string };
      setTrouble(answer.ok ? '' : (said.text ?? `The server answered ${answer.status}.`));
      if (answer.ok) done(said.followed ?? []);
    } catch {
      setTrouble('The server does not answer.');
    }
  };
  return (
    <div class="follow">
      <p class="soft">
        Warnings and errors of every process, {followed.length ? 'and everything about' : ''}
        {followed.map((id) => (
          <span key={id}>
            {' '}
            <Id id={id} show={12} />
          </span>
        ))}
        {followed.length ? '.' : 'of the last seven days.'}
      </p>
      {whom && !followed.includes(whom) && (
        <button type="button" onClick={() => void ask()}>
          Keep every line about this id for 15 min
        </button>
      )}
      {trouble && <p class="alert">{trouble}</p>}
    </div>
  );
}
