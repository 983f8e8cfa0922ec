/** Waiting rooms: who waits, for what, and what the matcher decided lately. */

import { RoomActions } from './actions.tsx';
import { clock, duration, number, plural } from './format.ts';
import { useNews } from './news.ts';
import { Empty, Id, Part, Table } from './parts.tsx';

interface Ticket {
  session: string;
  participant: string;
  joined_ms: number;
  /** By an admin's word, beyond what the scene says. */
  more_s: number;
  rtt_ms: number | null;
  cells: Record<string, string>;
  standing: 'free' | 'asked' | 'confirmed' | 'away';
  /** When whoever is asked counts as silent; 0 = nobody is. */
  until_ms: number;
  why: string;
}

interface Room {
  id: string;
  experiment: string;
  scene: string;
  mode: string;
  release: string;
  strategy: string;
  wanted: number;
  waiting: number;
  here: number;
  asked: number;
  hidden: number;
  waits_s: number;
  fill_after_s: number | null;
  groups_left: number | null;
  tickets: Ticket[];
}

interface Decision {
  experiment: string;
  decision_id: string;
  decided_ms: number;
  scene: string;
  mode: string;
  strategy: string;
  rule: number;
  size: number;
  director: string;
  parameters: Record<string, unknown>;
  considered: Record<string, unknown>[];
  looked_at: number;
  groups: string[][];
  filled: string[][];
  refused: string;
  answer: string;
}

interface Told {
  now_ms: number;
  rooms: Room[];
  decisions: Decision[];
}

const EVERY_MS = 1000;

export function Lobbies({ paused }: { paused: boolean }) {
  const { said, trouble } = useNews<Told>('/admin/lobbies.json', EVERY_MS, paused);
  return (
    <>
      {trouble && (
        <p class="alert" role="alert">
          {trouble} Trying again.
        </p>
      )}
      {!said ? (
        <Empty>Asking who waits …</Empty>
      ) : (
        <>
          {said.rooms.length === 0 && (
            <Part id="rooms" title="Waiting rooms">
              <Empty>
                Nobody waits. Whoever comes to a game for several people is listed here.
              </Empty>
            </Part>
          )}
          {said.rooms.map((room) => (
            <Waiting key={room.id} room={room} now_ms={said.now_ms} />
          ))}
          <Decisions all={said.decisions} now_ms={said.now_ms} />
        </>
      )}
    </>
  );
}

function Waiting({ room, now_ms }: { room: Room; now_ms: number }) {
  const id = `room-${room.id.replace(/\W+/g, '-')}`;
  return (
    <Part
      id={id}
      title={`${room.scene} of ${room.experiment}`}
      aside={<p class="soft">{rules(room)}</p>}
    >
      <RoomActions experiment={room.experiment} sessions={room.tickets.map((one) => one.session)} />
      <Table id={id} heads={HEADS}>
        {room.tickets.map((one) => (
          <tr key={one.session} data-session={one.session}>
            <td>
              <Id id={one.participant || one.session} />
            </td>
            <td class="n">{duration((now_ms - one.joined_ms) / 1000)}</td>
            <td>
              <span class={`state ${one.standing}`}>{STANDING[one.standing]}</span>
            </td>
            <td class="why">
              {one.why}
              {one.until_ms > 0 && (
                <span class="soft n"> {duration((one.until_ms - now_ms) / 1000)} left.</span>
              )}
            </td>
            <td class="n">
              {room.waits_s > 0 &&
                duration(room.waits_s + one.more_s - (now_ms - one.joined_ms) / 1000)}
            </td>
            <td class="n">{one.rtt_ms === null ? '–' : `${Math.round(one.rtt_ms)} ms`}</td>
            <td>{cells(one.cells)}</td>
          </tr>
        ))}
      </Table>
      {room.hidden > 0 && <p class="soft">{number(room.hidden)} more wait behind them.</p>}
    </Part>
  );
}

const HEADS = [
  'Participant',
  'Waited',
  'State',
  'Why not matched yet',
  'Let go in',
  'Round trip',
  'Treatment',
];

const STANDING: Record<Ticket['standing'], string> = {
  free: 'waits',
  asked: 'asked',
  confirmed: 'is there',
  away: 'away',
};

const cells = (of: Record<string, string>): string =>
  Object.entries(of)
    .map(([name, cell]) => `${name}: ${cell}`)
    .join(', ');

function rules(room: Room): string {
  const said = [
    `${number(room.waiting)} waiting, ${number(room.here)} here`,
    room.mode,
    room.strategy && `groups of ${room.wanted} by “${room.strategy}”`,
    room.fill_after_s !== null && `a policy after ${duration(room.fill_after_s)}`,
    room.groups_left !== null && `places for ${plural(room.groups_left, 'more group')}`,
  ];
  return said.filter(Boolean).join(' · ');
}

function Decisions({ all, now_ms }: { all: Decision[]; now_ms: number }) {
  return (
    <Part
      id="decisions"
      title="Latest decisions"
      aside={all.length > 0 && <p class="soft">All of them are in the data: decisions.</p>}
    >
      {all.length === 0 ? (
        <Empty>
          None in the last week. Each time the matcher puts people together, what it looked at is
          kept here and in the data.
        </Empty>
      ) : (
        <div class="problems">
          {all.map((one) => (
            <details class="problem decision" key={one.decision_id}>
              <summary>
                <time class="n soft">{clock(one.decided_ms, now_ms)}</time>{' '}
                <strong>{outcome(one)}</strong>{' '}
                <span class="soft">
                  {one.scene} of {one.experiment} · {one.mode} · “{one.strategy}”, looked at{' '}
                  {plural(one.looked_at, 'ticket')}
                </span>
              </summary>
              {one.refused && (
                <p class="alert">The study's answer was not followed: {one.refused}</p>
              )}
              <ul class="lines groups">
                {[...one.groups, ...one.filled].map((group, i) => (
                  <li key={i}>
                    {group.map((session) => (
                      <Id key={session} id={session} />
                    ))}
                    {i >= one.groups.length && <span class="soft"> with a policy</span>}
                  </li>
                ))}
              </ul>
              <pre tabIndex={0}>{inputs(one)}</pre>
            </details>
          ))}
        </div>
      )}
    </Part>
  );
}

function outcome(one: Decision): string {
  const groups = plural(one.groups.length, 'group');
  if (one.filled.length === 0) return groups;
  const filled = `${number(one.filled.length)} with a policy`;
  return one.groups.length ? `${groups}, ${filled}` : filled;
}

/** What it was decided from, as plain text. */
function inputs(one: Decision): string {
  const parameters = Object.entries(one.parameters)
    .filter(
      ([, value]) => value && JSON.stringify(value) !== '[]' && JSON.stringify(value) !== '{}',
    )
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const tickets = one.considered.map((facts) => {
    const { session, since_ms, joined_ms, ...rest } = facts;
    const waited = (one.decided_ms - Number(joined_ms || since_ms)) / 1000;
    const more = Object.entries(rest).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    return [String(session).slice(0, 8), `waited ${waited.toFixed(1)} s`, ...more].join('  ');
  });
  const left = one.looked_at - one.considered.length;
  return [
    `rule ${one.rule}, groups of ${one.size}, by ${one.director}`,
    ...parameters,
    '',
    ...tickets,
    ...(left > 0 ? [`… and ${number(left)} more`] : []),
    ...(one.answer ? ['', `answer: ${one.answer}`] : []),
  ].join('\n');
}
