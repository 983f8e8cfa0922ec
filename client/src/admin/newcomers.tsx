/** Whether newcomers are let in, how many a study still takes, and opening or closing it. */

import { useRef, useState } from 'preact/hooks';
import { clock, number } from './format.ts';
import { order } from './said.ts';
import { completions, type Shelf, type Shelved } from './shelf.ts';
import { Sure } from './sure.tsx';

export function Newcomers(props: { one: Shelved; shelf: Shelf; formToken: string }) {
  const { one, shelf, formToken } = props;
  const [asking, setAsking] = useState(false);
  // Named by who asks: however often it is sent, it is done once.
  const id = useRef('');
  const ask = (): void => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    id.current = [...bytes].map((one) => one.toString(16).padStart(2, '0')).join('');
    setAsking(true);
  };
  const what = one.closed_ms ? 'open' : 'close';
  const act = (): Promise<unknown> =>
    order(`/admin/commands/${encodeURIComponent(one.id)}.json`, formToken, {
      id: id.current,
      what,
    });
  return (
    <>
      <span class={`tag ${one.open ? '' : 'quiet'}`}>{state(one, shelf.now_ms)}</span>
      {one.active && <span class="soft">{room(one)}</span>}
      {shelf.may_release && one.active && (
        <button type="button" onClick={ask}>
          {one.closed_ms ? 'Open recruitment' : 'Close recruitment'}
        </button>
      )}
      {asking && (
        <Sure
          title={one.closed_ms ? 'Let newcomers in?' : 'Let nobody new in?'}
          does={one.closed_ms ? 'Open' : 'Close'}
          harms={!one.closed_ms}
          act={act}
          close={() => setAsking(false)}
        >
          <p>
            {one.closed_ms
              ? `Whoever opens the link of ${one.title} begins the study.`
              : `Whoever opens the link of ${one.title} reads that it takes nobody new. Whoever has begun goes on.`}
          </p>
        </Sure>
      )}
    </>
  );
}

function state(one: Shelved, now_ms: number): string {
  if (!one.active) return 'no version is active';
  if (one.closed_ms) return `closed since ${clock(one.closed_ms, now_ms)}`;
  return one.cap > 0 && one.taken >= one.cap ? 'full' : 'open to newcomers';
}

/** The cap that an admin set, and what treatments want. */
function room(one: Shelved): string {
  const places = completions(one.places);
  const said = [
    one.cap > 0 && `${number(one.taken)} of at most ${number(one.cap)} participants`,
    places && `${number(places.taken)} of ${number(places.of)} completions wanted`,
  ].filter(Boolean);
  return said.length ? said.join(', ') : 'no cap on participants';
}
