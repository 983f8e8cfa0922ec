/** Everybody in the study: one row each, of which only those in sight are drawn. */

import { Component } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { PeopleActions } from './actions.tsx';
import { Drawer } from './drawer.tsx';
import { clock, duration, number, plural } from './format.ts';
import { Empty, Id, Part } from './parts.tsx';
import { usePeople } from './people.ts';
import type { Seen } from './said.ts';
import {
  cellsOf,
  filtered,
  inSight,
  sorted,
  together,
  type Column,
  type Filter,
  type Row,
  type Sort,
} from './table.ts';

const ROW_PX = 36;

/** [column, heading]; narrow screens show the first ones (admin.css). */
const COLUMNS: [Column, string][] = [
  ['participant', 'Participant'],
  ['phase', 'State'],
  ['scene', 'Scene'],
  ['progress', 'Progress'],
  ['game', 'Plays with'],
  ['rtt_ms', 'Round trip'],
  ['ago_s', 'Last seen'],
  ['cells', 'Treatment'],
  ['mode', 'Mode'],
  ['outcome', 'Outcome'],
  ['code', 'Code'],
  ['started_ms', 'Arrived'],
];

/** Heard of longer ago than this, they count as away. */
const AWAY_S = 6;

const PHASES = [
  'here',
  'screening',
  'reading',
  'waiting',
  'choosing',
  'deciding',
  'playing',
  'ended',
];

export function Participants({ seen, paused }: { seen: Seen; paused: boolean }) {
  const names = seen.experiments.map((one) => one.id);
  const people = usePeople(names, paused);
  const [filter, setFilter] = useState<Filter>({ words: '', experiment: '', mode: '', phase: '' });
  const [sort, setSort] = useState<Sort>({ by: 'started_ms', down: true });
  const [open, setOpen] = useState('');

  const shown = useMemo(
    () => sorted(filtered(people.rows, filter), sort),
    [people.rows, filter, sort],
  );
  const groups = useMemo(() => together(people.rows), [people.rows]);
  const modes = useMemo(
    () => [...new Set(people.rows.map((row) => row.mode))].sort(),
    [people.rows],
  );
  const opened = people.rows.find((row) => row.id === open);
  const set = (part: Partial<Filter>): void => setFilter((old) => ({ ...old, ...part }));

  return (
    <Part
      id="participants"
      title="Participants"
      aside={
        <p class="soft" role="status">
          {shown.length === people.rows.length
            ? plural(shown.length, 'session')
            : `${number(shown.length)} of ${plural(people.rows.length, 'session')}`}
        </p>
      }
    >
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <label class="wide">
          <span class="unseen">Search</span>
          <input
            type="search"
            placeholder="Search ids, scenes, codes, treatments"
            value={filter.words}
            onInput={(event) => set({ words: event.currentTarget.value })}
          />
        </label>
        <Choice
          label="State"
          value={filter.phase}
          options={PHASES}
          pick={(phase) => set({ phase })}
        />
        {names.length > 1 && (
          <Choice
            label="Experiment"
            value={filter.experiment}
            options={names}
            pick={(experiment) => set({ experiment })}
          />
        )}
        {modes.length > 1 && (
          <Choice label="Mode" value={filter.mode} options={modes} pick={(mode) => set({ mode })} />
        )}
      </form>
      <PeopleActions rows={shown} />
      {people.trouble && (
        <p class="alert" role="alert">
          {people.trouble} Trying again.
        </p>
      )}
      {!people.known ? (
        <Empty>Asking who is there …</Empty>
      ) : people.rows.length === 0 ? (
        <Empty>
          Nobody has arrived yet. Send people the link of an experiment, on the overview.
        </Empty>
      ) : shown.length === 0 ? (
        <Empty>
          Nobody is like that.{' '}
          <button
            type="button"
            onClick={() => setFilter({ words: '', experiment: '', mode: '', phase: '' })}
          >
            Show all
          </button>
        </Empty>
      ) : (
        <Table
          rows={shown}
          groups={groups}
          now_ms={seen.now_ms}
          sort={sort}
          pick={(by) => setSort((old) => ({ by, down: old.by === by && !old.down }))}
          open={open}
          show={setOpen}
        />
      )}
      {!people.whole && <p class="soft">There are more sessions than are listed here.</p>}
      {opened && <Drawer row={opened} now_ms={seen.now_ms} close={() => setOpen('')} />}
    </Part>
  );
}

function Choice(props: {
  label: string;
  value: string;
  options: string[];
  pick: (value: string) => void;
}) {
  return (
    <label>
      <span class="unseen">{props.label}</span>
      <select value={props.value} onChange={(event) => props.pick(event.currentTarget.value)}>
        <option value="">{props.label}: all</option>
        {props.options.map((one) => (
          <option key={one} value={one}>
            {one === 'here' ? 'not ended' : one}
          </option>
        ))}
      </select>
    </label>
  );
}

interface TableProps {
  rows: Row[];
  groups: Map<string, Row[]>;
  now_ms: number;
  sort: Sort;
  pick: (by: Column) => void;
  open: string;
  show: (id: string) => void;
}

function Table({ rows, groups, now_ms, sort, pick, open, show }: TableProps) {
  const view = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<[number, number]>([0, 600]);
  const [focused, setFocused] = useState(0);
  const moved = useRef(false);
  const measure = (): void => {
    const element = view.current;
    if (!element) return;
    // By whole rows: scrolling within one draws nothing anew.
    const top = Math.floor(element.scrollTop / ROW_PX) * ROW_PX;
    setAt((old) =>
      old[0] === top && old[1] === element.clientHeight ? old : [top, element.clientHeight],
    );
  };
  useLayoutEffect(measure, [rows.length]);
  useEffect(() => {
    window.addEventListener('resize', measure);
    return () => window.removeEventListener('resize', measure);
  }, []);
  const row = Math.min(focused, rows.length - 1);
  useLayoutEffect(() => {
    if (!moved.current) return;
    moved.current = false;
    view.current?.querySelector<HTMLElement>(`[data-row="${row}"]`)?.focus({ preventScroll: true });
  });
  const today = new Date(now_ms).setHours(0, 0, 0, 0);
  const [first, end] = inSight(rows.length, ROW_PX, at[0], at[1]);

  const to = (next: number): void => {
    const element = view.current;
    if (!element) return;
    const wanted = Math.max(0, Math.min(rows.length - 1, next));
    const top = wanted * ROW_PX;
    const head = ROW_PX; // the heading stays above
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW_PX + head > element.scrollTop + element.clientHeight)
      element.scrollTop = top + ROW_PX + head - element.clientHeight;
    moved.current = true;
    setFocused(wanted);
    measure();
  };
  const press = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(at[1] / ROW_PX) - 2);
    const steps: Record<string, number> = {
      ArrowDown: row + 1,
      ArrowUp: row - 1,
      PageDown: row + page,
      PageUp: row - page,
      Home: 0,
      End: rows.length - 1,
    };
    const next = steps[event.key];
    if (next !== undefined) {
      event.preventDefault();
      to(next);
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      show(rows[row]?.id ?? '');
    }
  };

  return (
    <div
      class="people"
      role="grid"
      aria-label="Participants"
      aria-rowcount={rows.length + 1}
      ref={view}
      onScroll={measure}
    >
      <div class="people-row people-head" role="row" aria-rowindex={1}>
        {COLUMNS.map(([name, label]) => (
          <div
            key={name}
            class={`c-${name}`}
            role="columnheader"
            aria-sort={sort.by === name ? (sort.down ? 'descending' : 'ascending') : 'none'}
          >
            <button type="button" onClick={() => pick(name)}>
              {label}
              <span aria-hidden="true">{sort.by === name ? (sort.down ? ' ↓' : ' ↑') : ''}</span>
            </button>
          </div>
        ))}
      </div>
      <div
        role="rowgroup"
        class="people-all"
        style={{ height: `${rows.length * ROW_PX}px` }}
        onKeyDown={press}
      >
        {rows.slice(first, end).map((one, i) => (
          <Line
            key={one.id}
            row={one}
            at={first + i}
            group={groups.get(one.game)}
            open={one.id === open}
            tab={first + i === row}
            today={today}
            focus={setFocused}
            show={show}
          />
        ))}
      </div>
    </div>
  );
}

interface LineProps {
  row: Row;
  at: number;
  group: Row[] | undefined;
  open: boolean;
  tab: boolean;
  /** Some moment of today. */
  today: number;
  focus: (at: number) => void;
  show: (id: string) => void;
}

/** A row that is drawn again only where something about it is new: scrolling draws what comes in. */
class Line extends Component<LineProps> {
  override shouldComponentUpdate(next: LineProps): boolean {
    return (Object.keys(next) as (keyof LineProps)[]).some((key) => next[key] !== this.props[key]);
  }

  render({ row, at, group, open, tab, today, focus, show }: LineProps) {
    return (
      <div
        class="people-row"
        role="row"
        data-row={at}
        data-session={row.id}
        aria-rowindex={at + 2}
        aria-selected={open}
        tabIndex={tab ? 0 : -1}
        style={{ transform: `translateY(${at * ROW_PX}px)` }}
        onFocus={() => focus(at)}
        onClick={() => show(row.id)}
      >
        <Cells row={row} group={group} now_ms={today} />
      </div>
    );
  }
}

function Cells({ row, group, now_ms }: { row: Row; group: Row[] | undefined; now_ms: number }) {
  const others = (group ?? []).filter((one) => one.id !== row.id);
  const playing = row.phase === 'playing' && row.game !== '';
  const cell = (name: Column, said: preact.ComponentChildren, kind = '') => (
    <div class={`c-${name} ${kind}`} role="gridcell">
      {said}
    </div>
  );
  return (
    <>
      {cell('participant', <Id id={row.participant} />)}
      {cell('phase', <span class={`state ${row.phase}`}>{row.phase}</span>)}
      {cell('scene', row.scene)}
      {cell('progress', row.steps ? `${row.step + 1} / ${row.steps}` : '', 'n')}
      {cell(
        'game',
        playing &&
          (others.length ? (
            others.map((one) => <Id key={one.id} id={one.participant} show={6} />)
          ) : (
            <span class="soft">policies</span>
          )),
      )}
      {cell('rtt_ms', row.rtt_ms === null ? '' : `${Math.round(row.rtt_ms)} ms`, 'n')}
      {cell('ago_s', <Presence row={row} />)}
      {cell('cells', <span title={cellsOf(row)}>{cellsOf(row)}</span>)}
      {cell('mode', row.wave ? `${row.mode} · ${row.wave}` : row.mode)}
      {cell('outcome', row.outcome)}
      {cell('code', row.code && <code>{row.code}</code>)}
      {cell('started_ms', clock(row.started_ms, now_ms), 'n')}
    </>
  );
}

/** Whether they are there, and whether they look at the page. */
export function Presence({ row }: { row: Row }) {
  if (row.phase === 'ended') return null;
  if (row.ago_s === null) return <span class="soft">not lately</span>;
  if (row.ago_s > AWAY_S) return <span class="not-here">{duration(row.ago_s)} ago</span>;
  if (row.away)
    return <span class="not-here">{row.away === 'hidden' ? 'tab hidden' : 'looks away'}</span>;
  return <span class="here">here</span>;
}
