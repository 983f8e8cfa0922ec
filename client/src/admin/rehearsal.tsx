/** A rehearsal of a version with simulated participants: asked for, followed, and what it came to. */

import { useState } from 'preact/hooks';
import { clock, duration, number, percent, plural } from './format.ts';
import { Bar } from './parts.tsx';
import { order, whyNot } from './said.ts';
import type { Rehearsal as Told, Shelf, Summary, Version } from './shelf.ts';

/** After so long without a beginning, somebody has to be told why. */
const LONG_S = 30;

interface Props {
  of: Version;
  shelf: Shelf;
  formToken: string;
}

export function Rehearsal({ of, shelf, formToken }: Props) {
  const told = of.rehearsal;
  const going = told?.state === 'waiting' || told?.state === 'doing';
  return (
    <div class="rehearsal">
      {shelf.may_rehearse && !going && <Ask of={of} shelf={shelf} formToken={formToken} />}
      {!told && !shelf.may_rehearse && <p class="soft">It was not rehearsed lately.</p>}
      {told && going && <Going told={told} />}
      {told?.state === 'failed' && (
        <p class="alert" role="status">
          The rehearsal did not come about. {told.text} {told.hint}
        </p>
      )}
      {told?.state === 'done' && 'fine' in told.said && (
        <Came said={told.said as Summary} told={told} now_ms={shelf.now_ms} />
      )}
    </div>
  );
}

function Ask({ of, shelf, formToken }: Props) {
  const [people, setPeople] = useState(4);
  const [seconds, setSeconds] = useState(20);
  const [state, setState] = useState({ busy: false, why: '' });
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault();
    setState({ busy: true, why: '' });
    try {
      const what = { participants: people, seconds };
      await order(`/admin/packages/${of.package}/rehearse.json`, formToken, what);
      setState({ busy: false, why: '' });
    } catch (error) {
      setState({ busy: false, why: whyNot(error) });
    }
  };
  return (
    <form class="inline" onSubmit={(event) => void ask(event)}>
      <label>
        Simulated participants{' '}
        <input
          type="number"
          min={1}
          max={shelf.most_people}
          value={people}
          required
          onInput={(event) => setPeople(event.currentTarget.valueAsNumber)}
        />
      </label>
      <label>
        Seconds of each game{' '}
        <input
          type="number"
          min={1}
          max={shelf.most_seconds}
          value={seconds}
          required
          onInput={(event) => setSeconds(event.currentTarget.valueAsNumber)}
        />
      </label>
      <button disabled={state.busy}>Rehearse</button>
      <p class="soft">
        They play on this server, beside whoever takes part, and are told apart in the data as
        rehearsals.
      </p>
      {state.why && (
        <p class="alert" role="alert">
          {state.why}
        </p>
      )}
    </form>
  );
}

function Going({ told }: { told: Told }) {
  const through = Math.round(told.share * told.participants);
  return (
    <p role="status">
      <Bar share={told.share} label={`${percent(told.share)} of them are through`} />{' '}
      {told.state === 'waiting'
        ? 'The simulated participants are about to come.'
        : `${through} of ${told.participants} are through.`}{' '}
      {told.state === 'waiting' && told.waits_s > LONG_S && (
        <span class="soft">
          This takes longer than it should: a director starts them, and checks of packages come
          first.
        </span>
      )}
    </p>
  );
}

function Came({ said, told, now_ms }: { said: Summary; told: Told; now_ms: number }) {
  const ends = Object.entries(said.outcomes).sort((a, b) => b[1] - a[1]);
  const facts: [string, string][] = [
    ['Came to the end', `${said.finished} of ${said.participants}`],
    ['Ended with', ends.map(([what, n]) => `${n} ${what}`).join(', ') || '–'],
    ['Games', String(said.games)],
    ['Frames a second', said.fps_delivered === null ? '' : frames(said)],
    ['Age of a frame', spread(said.frame_age_ms)],
    ['Key to picture', spread(said.action_to_frame_ms)],
    ['Connections lost', said.reconnects ? String(said.reconnects) : ''],
    ['It took', duration(said.took_s)],
  ];
  return (
    <div data-rehearsed={said.fine ? 'fine' : 'not'}>
      <p class={said.fine ? 'alert good' : 'alert'} role="status">
        {said.fine
          ? went(said)
          : `${said.participants - said.finished} of ${plural(said.participants, 'simulated participant')} did not come to the end, or met a technical problem.`}{' '}
        <span class="soft">
          Asked for by {told.asked_by}, {clock(told.asked_ms, now_ms)}
        </span>
      </p>
      <dl class="facts wide">
        {facts.map(
          ([name, value]) =>
            value && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
      {said.errors.length > 0 && (
        <ul class="lines" aria-label="What went wrong">
          {said.errors.map((one, i) => (
            <li key={i}>{one}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Whoever was told that the study is full, or found nobody to play with, came to the end as well. */
function went(said: Summary): string {
  const completed = said.outcomes['complete'] ?? 0;
  const all = `All ${plural(said.participants, 'simulated participant')} came to the end`;
  if (completed === said.participants) return `${all}.`;
  const full = said.outcomes['full']
    ? ' Places of treatments are counted among rehearsals, too, and are taken by now: a new version begins anew.'
    : '';
  return `${all}, and ${number(completed)} of them completed it.${full}`;
}

const frames = (said: Summary): string =>
  `${said.fps_delivered?.toFixed(1)} of ${said.fps_nominal ?? '?'}; ${said.fps_worst?.toFixed(1)} for whoever had the fewest`;

function spread(of: Record<string, number | null>): string {
  const p50 = of['p50'];
  const p99 = of['p99'];
  if (p50 === null || p50 === undefined) return '';
  return `${Math.round(p50)} ms in the middle, ${Math.round(p99 ?? p50)} ms for the slowest hundredth`;
}
