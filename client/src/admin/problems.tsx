/** What went wrong lately, newest first, with where and why. */

import { useEffect, useState } from 'preact/hooks';
import { clock } from './format.ts';
import { useNews } from './news.ts';
import { Empty, Part, Severity } from './parts.tsx';
import { fetched, whyNot, type Problem } from './said.ts';

interface Told {
  now_ms: number;
  problems: Problem[];
}

const EVERY_MS = 2000;

export function Problems({ paused }: { paused: boolean }) {
  const { said, trouble } = useNews<Told>('/admin/problems.json', EVERY_MS, paused);
  if (!said)
    return (
      <Part id="problems" title="Problems">
        <Empty>{trouble || 'Asking what went wrong …'}</Empty>
      </Part>
    );
  return (
    <Part id="problems" title="Problems">
      {trouble && <p class="alert">{trouble} Trying again.</p>}
      {said.problems.length === 0 ? (
        <Empty>
          None in the last week. What an environment, a policy or a function of a package raises is
          told here with its traceback; participants never see it.
        </Empty>
      ) : (
        <div class="problems">
          {said.problems.map((one) => (
            <Opened key={one.id} one={one} now_ms={said.now_ms} />
          ))}
        </div>
      )}
    </Part>
  );
}

function Opened({ one, now_ms }: { one: Problem; now_ms: number }) {
  const [open, setOpen] = useState(false);
  return (
    <details
      class="problem"
      data-severity={one.severity}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <time class="n soft">{clock(one.at_ms, now_ms)}</time> <Severity of={one.severity} />{' '}
        <strong>{one.message}</strong>{' '}
        <span class="soft">
          {one.experiment} · {one.where}
        </span>
      </summary>
      {one.game && (
        <p class="soft">
          Game <code>{one.game}</code>.{' '}
          <a href={`/admin/logs?of=server&about=${encodeURIComponent(one.game)}`}>
            What processes said about it
          </a>
        </p>
      )}
      {open && <Trace id={one.id} />}
    </details>
  );
}

/** Asked for once somebody wants to read it: all of them are much to send again and again. */
function Trace({ id }: { id: string }) {
  const [trace, setTrace] = useState('Asking …');
  useEffect(() => {
    fetched<{ trace: string }>(`/admin/trace.json?id=${encodeURIComponent(id)}`).then(
      (said) => setTrace(said.trace || 'There is no traceback.'),
      (error: unknown) => setTrace(whyNot(error)),
    );
  }, [id]);
  return <pre tabIndex={0}>{trace}</pre>;
}
