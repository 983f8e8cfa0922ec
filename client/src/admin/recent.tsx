/** What admins asked for lately, and what became of it: whoever asked, on whichever web worker. */

import { may } from './boot.ts';
import { batches, called, stands, tally, type Batch, type Command } from './commands.ts';
import { clock } from './format.ts';
import { useNews } from './news.ts';
import { Empty, Id, Listed } from './parts.tsx';

const EVERY_MS = 1000;

export function Recent({ paused, now_ms }: { paused: boolean; now_ms: number }) {
  return may('control') ? <Listing paused={paused} now_ms={now_ms} /> : null;
}

function Listing({ paused, now_ms }: { paused: boolean; now_ms: number }) {
  const news = useNews<{ commands: Command[] }>('/admin/commands.json', EVERY_MS, paused);
  const found = batches(news.said?.commands ?? []);
  return (
    <Listed
      id="recent"
      title="Recent actions"
      aside={news.trouble && <p class="soft">{news.trouble}</p>}
      heads={['When', 'What', 'Whom', 'By', 'State']}
      rows={found.slice(0, 12)}
      empty={<Empty>Nobody has acted on people or games lately.</Empty>}
      line={(one) => <Line key={one.id} one={one} now_ms={now_ms} />}
    />
  );
}

function Line({ one, now_ms }: { one: Batch; now_ms: number }) {
  const { first, all } = one;
  const alike = all.every((other) => other.state === first.state);
  return (
    <tr data-command={first.what} data-state={alike ? first.state : 'mixed'}>
      <td class="n">{clock(first.made_ms, now_ms)}</td>
      <td>
        {called(first.what)}
        {first.text && <q class="said">{first.text}</q>}
        {first.number > 0 && <span class="n"> {first.number}</span>}
      </td>
      <td>
        {all.length > 1 ? `${all.length} people in ${first.experiment}` : <Whom of={first} />}
      </td>
      <td>{first.by}</td>
      <td class="became">
        <span class={`state c-${alike ? first.state : 'pending'}`}>
          {all.length > 1 ? tally(all) : stands(first)}
        </span>{' '}
        {first.why && (
          <span class="soft">
            {first.why} {first.hint}
          </span>
        )}
      </td>
    </tr>
  );
}

function Whom({ of }: { of: Command }) {
  if (of.session) return <Id id={of.session} />;
  if (!of.game) return <>{of.experiment}</>;
  return (
    <>
      game <Id id={of.game} /> {of.seat && `seat ${of.seat}`}
    </>
  );
}

/** The same of one person, below what is known of them. */
export function RecentOf({ session, now_ms }: { session: string; now_ms: number }) {
  const news = useNews<{ commands: Command[] }>('/admin/commands.json', EVERY_MS, false);
  const mine = (news.said?.commands ?? []).filter((one) => one.session === session);
  if (mine.length === 0) return null;
  return (
    <>
      <h3>Recent actions</h3>
      <ol class="timeline">
        {mine.map((one) => (
          <li key={one.id} data-command={one.what} data-state={one.state}>
            <time class="n soft">{clock(one.made_ms, now_ms)}</time> {called(one.what)} by {one.by}:{' '}
            <span class={`state c-${one.state}`}>{stands(one)}</span>
            {one.text && <q class="said">{one.text}</q>}
            {one.why && <span class="soft"> {one.why} </span>}
            {one.hint && <span class="soft">{one.hint}</span>}
          </li>
        ))}
      </ol>
    </>
  );
}
