/** Everybody in the experiments, kept up to date by asking for what has changed. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { follow } from './said.ts';
import type { Row } from './table.ts';

/** What /admin/participants.json answers. */
interface Told {
  now_ms: number;
  /** Whether these are all rows, and not only those that changed. */
  everything: boolean;
  whole: boolean;
  rows: Omit<Row, 'experiment' | 'ago_s' | 'rtt_ms' | 'away'>[];
  gone: string[];
  seen: Record<string, [number, number | null, string]>;
}

export interface People {
  rows: Row[];
  /** Whether the first answers have come. */
  known: boolean;
  whole: boolean;
  trouble: string;
}

const EVERY_MS = 1000;
const NOBODY: [null, null, string] = [null, null, ''];

/** The list of one experiment after `told`; rows that are as before are the same objects. */
export function after(old: Map<string, Row>, experiment: string, told: Told): Map<string, Row> {
  const rows = told.everything ? new Map<string, Row>() : new Map(old);
  for (const row of told.rows)
    rows.set(row.id, { ...row, experiment, ago_s: null, rtt_ms: null, away: '' });
  for (const id of told.gone) rows.delete(id);
  for (const [id, row] of rows) {
    const [ago_s, rtt_ms, away] = told.seen[id] ?? NOBODY;
    if (row.ago_s !== ago_s || row.rtt_ms !== rtt_ms || row.away !== away)
      rows.set(id, { ...row, ago_s, rtt_ms, away });
  }
  return rows;
}

export function usePeople(experiments: string[], paused: boolean): People {
  const lists = useRef(
    new Map<string, { rows: Map<string, Row>; at_ms: number; whole: boolean }>(),
  );
  const [people, setPeople] = useState<People>({
    rows: [],
    known: experiments.length === 0,
    whole: true,
    trouble: '',
  });
  const names = experiments.join('\n');
  useEffect(() => {
    if (paused) return;
    const wanted = names ? names.split('\n') : [];
    for (const name of lists.current.keys()) if (!wanted.includes(name)) lists.current.delete(name);
    const tell = (): void => {
      const known = wanted.map((name) => lists.current.get(name)).filter((one) => !!one);
      setPeople({
        rows: known.flatMap((one) => [...one.rows.values()]),
        known: known.length === wanted.length,
        whole: known.every((one) => one.whole),
        trouble: '',
      });
    };
    const stops = wanted.map((name) =>
      follow<Told>(
        () =>
          '/admin/participants.json?' +
          new URLSearchParams({
            experiment: name,
            since: String(lists.current.get(name)?.at_ms ?? 0),
          }).toString(),
        EVERY_MS,
        (told) => {
          const old = lists.current.get(name)?.rows ?? new Map<string, Row>();
          const rows = after(old, name, told);
          lists.current.set(name, { rows, at_ms: told.now_ms, whole: told.whole });
          tell();
        },
        (trouble) => setPeople((before) => ({ ...before, trouble })),
      ),
    );
    return () => stops.forEach((stop) => stop());
  }, [names, paused]);
  return people;
}
