/** How the deployment stands: alarms, room for more, lateness, round trips, processes, Redis, disk. */

import { Fragment } from 'preact';
import { ago, bytes, duration, number, percent, plural } from './format.ts';
import { Histogram } from './histogram.tsx';
import { quantile, tiers, type Process } from './tiers.ts';
import { useNews } from './news.ts';
import { Bar, Empty, Part, Severity, Table } from './parts.tsx';
import { Paces } from './paces.tsx';
import { stay } from './router.ts';
import type { Seen } from './said.ts';

interface Steps {
  bounds: number[];
  counts: number[];
}

export interface Standing {
  now_ms: number;
  alarms: { severity: string; text: string; href: string }[];
  processes: Process[];
  room: {
    /** How many more games; null = nobody can say. */
    games: number | null;
    people: number | null;
    most_load: number;
    late_s: number | null;
    limit_s: number;
  };
  late: Steps;
  age: Steps;
  rtt: Steps;
  redis: {
    up: boolean;
    latency_s: number;
    memory: number;
    limit: number;
    clients: number | null;
    evicted: number;
    keeps_file: boolean | null;
    file_written: boolean | null;
    unsynced: number | null;
    saved_ms: number;
  };
  disk: { size: number; free: number };
  queues: Record<string, number>;
  archive_lag_s: number;
}

const EVERY_MS = 2000;

/** Pages of the server: a link to them is a load, and not a step of this client. */
const OURS = (href: string): boolean => !href.startsWith('/admin/doctor') && !href.includes('#');

export function useStanding(paused: boolean): { said: Standing | null; trouble: string } {
  return useNews<Standing>('/admin/load.json', EVERY_MS, paused);
}

export function Alarms({ of }: { of: Standing | null }) {
  if (!of?.alarms.length) return null;
  return (
    <ul class="alarms" aria-label="Alarms">
      {of.alarms.map((one) => (
        <li key={one.text} class="alert" data-severity={one.severity}>
          <Severity of={one.severity} /> {one.text}{' '}
          <a href={one.href} onClick={OURS(one.href) ? stay : undefined}>
            Look
          </a>
        </li>
      ))}
    </ul>
  );
}

export function Load(props: { of: Standing | null; trouble: string; games: Seen['games'] }) {
  const { of, trouble, games } = props;
  return (
    <Part id="load" title="Load" aside={of && <p class="soft">{roomFor(of.room)}</p>}>
      {trouble && <p class="alert">{trouble} Trying again.</p>}
      {!of ? (
        <Empty>Asking …</Empty>
      ) : (
        <>
          <div class="histograms">
            <Paces of={games} />
            <Histogram
              title="Ticks begin late by, ms"
              note={worst(of.late, ms)}
              ends={of.late.bounds.map(ms)}
              counts={of.late.counts}
              bad={(step) =>
                step >= of.late.bounds.filter((bound) => bound <= of.room.limit_s).length
              }
            />
            <Histogram
              title="Age of frames as they leave, ms"
              note={worst(of.age, ms)}
              ends={of.age.bounds.map(ms)}
              counts={of.age.counts}
              bad={(step) => step >= of.age.bounds.filter((bound) => bound <= 0.07).length}
            />
            <Histogram
              title="Round trips, ms"
              note={`ms, ${plural(
                of.rtt.counts.reduce((a, b) => a + b, 0),
                'person',
                'people',
              )}`}
              ends={of.rtt.bounds.map(String)}
              counts={of.rtt.counts}
              bad={(step) => step >= of.rtt.bounds.filter((bound) => bound <= 200).length}
            />
          </div>
          <Processes all={of.processes} most={of.room.most_load} />
          <Store of={of} />
        </>
      )}
    </Part>
  );
}

const ms = (seconds: number): string => {
  const n = seconds * 1000;
  return number(n < 10 ? Math.round(n * 10) / 10 : Math.round(n));
};

function worst(of: Steps, told: (s: number) => string): string {
  const late = quantile(of.bounds, of.counts, 0.99);
  return late === null ? '' : `99 of 100 within ${told(late)}, in the last minute`;
}

/** "Room for …" is what an admin plans recruitment by. */
function roomFor(room: Standing['room']): string {
  if (room.games === null) return 'How many more games fit is known once some run.';
  if (room.late_s !== null && room.late_s > room.limit_s)
    return `No room: ticks begin late already, one in a hundred by ${ms(room.late_s)} ms.`;
  const people = room.people ? ` (${plural(room.people, 'person', 'people')})` : '';
  const until = `until workers are ${percent(room.most_load)} busy; above that ticks begin late`;
  return room.games
    ? `Room for about ${plural(room.games, 'more game')}${people} ${until}.`
    : 'No room for more games now: those that come wait for a worker.';
}

function Processes({ all, most }: { all: Process[]; most: number }) {
  return (
    <Table id="load" heads={['Process', 'State', 'Holds', 'Busy', 'Core', 'Memory', 'Machine']}>
      {tiers(all).map((tier) => (
        <Fragment key={tier.role}>
          <tr class="tier">
            <th scope="rowgroup">{tier.label}</th>
            <td>{plural(tier.members.length, 'process', 'processes')}</td>
            <td class="n">{tier.holds}</td>
            <td />
            <td class="n">{tier.busy === null ? '–' : percent(tier.busy)}</td>
            <td class="n">{bytes(tier.memory)}</td>
            <td />
          </tr>
          {tier.members.map((one) => (
            <tr key={one.name}>
              <td>{one.name}</td>
              <td>
                <span class={`state ${one.state}`}>{one.state}</span>
              </td>
              <td class="n">{tier.holds && one.holds}</td>
              <td class="load n">
                {one.load !== null && (
                  <>
                    <Bar
                      share={one.load}
                      kind={one.load > most ? 'poor' : ''}
                      label={`Busy ${percent(one.load)}`}
                    />{' '}
                    {percent(one.load)}
                  </>
                )}
              </td>
              <td class="n">{one.busy === null ? '–' : percent(one.busy)}</td>
              <td class="n">{one.memory === null ? '–' : bytes(one.memory)}</td>
              <td class="soft">{one.node}</td>
            </tr>
          ))}
        </Fragment>
      ))}
    </Table>
  );
}

function Store({ of }: { of: Standing }) {
  const { redis, disk, queues } = of;
  const ticks = of.late.counts.reduce((a, b) => a + b, 0);
  const waits = Object.values(queues).reduce((a, b) => a + b, 0);
  const facts: [string, string, string][] = [
    [
      'Redis memory',
      bytes(redis.memory),
      redis.limit ? `of ${bytes(redis.limit)}` : 'without a limit',
    ],
    [
      'Redis keeps',
      redis.keeps_file === null ? 'not known' : redis.keeps_file ? 'a file' : 'nothing',
      redis.keeps_file && redis.file_written === false
        ? 'its last write failed'
        : redis.saved_ms
          ? `whole save ${ago((of.now_ms - redis.saved_ms) / 1000)}`
          : '',
    ],
    ['Thrown away', plural(redis.evicted, 'key'), 'by Redis, for want of memory'],
    [
      'Redis answers in',
      `${ms(redis.latency_s)} ms`,
      redis.clients === null ? '' : plural(redis.clients, 'connection'),
    ],
    ['Disk', bytes(disk.free), disk.size ? `free of ${bytes(disk.size)}` : 'free'],
    ['Ticks', `${number(Math.round(ticks / 60))} a second`, 'of all games, over the last minute'],
    ['Data are behind', duration(of.archive_lag_s), `${plural(waits, 'job')} waiting`],
  ];
  return (
    <dl class="figures small" aria-label="Redis and disk">
      {facts.map(([label, value, note]) => (
        <div key={label} class="figure">
          <dt>{label}</dt>
          <dd>
            <strong>{value}</strong> <span class="soft">{note}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
