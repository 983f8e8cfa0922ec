/** What happened to one person, what they said, what they sit at, and what their browser logged. */

import { useEffect, useState } from 'preact/hooks';
import { clock, plural } from './format.ts';
import { joined, type Line } from './lines.ts';
import { Row as LogRow } from './logs.tsx';
import { follow } from './said.ts';

export interface Past {
  timeline: { at_ms: number; what: string; detail: string }[];
  answers: {
    scene: string;
    item: string;
    value: string;
    at_ms: number;
    attempt: number | null;
    correct: boolean | null;
  }[];
  devices: string[];
  /** Whether what they said and what their browser logged is left out. */
  withheld: boolean;
}

interface Who {
  session: string;
  now_ms: number;
}

export function Timeline({ past, session, now_ms }: Who & { past: Past }) {
  return (
    <>
      <details class="past" open>
        <summary>What happened ({past.timeline.length})</summary>
        <ol class="timeline">
          {past.timeline.map((one, i) => (
            <li key={i}>
              <time class="n soft">{clock(one.at_ms, now_ms)}</time> {one.what}
              {one.detail && <pre tabIndex={0}>{one.detail}</pre>}
            </li>
          ))}
        </ol>
      </details>
      {past.devices.length > 0 && (
        <details class="past">
          <summary>Device ({past.devices.length})</summary>
          <ul class="lines">
            {past.devices.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </details>
      )}
      {!past.withheld && (
        <>
          <Answers all={past.answers} now_ms={now_ms} />
          <Console session={session} now_ms={now_ms} />
        </>
      )}
      <p class="soft">
        This is of the last three days; everything is in the data.
        {past.withheld && ' What people say and what their browsers log is not for your role.'}
      </p>
    </>
  );
}

function Answers({ all, now_ms }: { all: Past['answers']; now_ms: number }) {
  return (
    <details class="past">
      <summary>Answers ({all.length})</summary>
      {all.length === 0 ? (
        <p class="soft">None yet.</p>
      ) : (
        <dl class="facts">
          {all.map((one) => (
            <div key={`${one.at_ms} ${one.scene} ${one.item}`}>
              <dt>
                {one.item}
                <span class="soft">
                  {' '}
                  {one.scene}, {clock(one.at_ms, now_ms)}
                </span>
              </dt>
              <dd>
                {one.value === '' ? <span class="soft">left unanswered</span> : spoken(one.value)}
                {one.correct !== null && (
                  <span class="soft">
                    {' '}
                    {one.correct ? 'right' : 'wrong'}
                    {one.attempt ? `, attempt ${one.attempt}` : ''}
                  </span>
                )}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </details>
  );
}

/** An answer as JSON, without the quotes where it is a text. */
function spoken(value: string): string {
  try {
    const said: unknown = JSON.parse(value);
    return typeof said === 'string' ? said : value;
  } catch {
    return value; // cut off
  }
}

/** Asked for once it is opened. */
function Console({ session, now_ms }: Who) {
  const [open, setOpen] = useState(false);
  const [lines, setLines] = useState<Line[]>([]);
  const [off, setOff] = useState(false);
  useEffect(() => setLines([]), [session]);
  useEffect(() => {
    if (!open) return;
    return follow<{ lines: Line[]; on: string }>(
      () => `/admin/logs/browsers.json?session=${encodeURIComponent(session)}`,
      2000,
      (said) => (setLines((old) => joined(old, said.lines)), setOff(said.on === 'off')),
      () => undefined, // the drawer above says that the server does not answer
    );
  }, [open, session]);
  return (
    <details class="past" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Console of their browser</summary>
      {lines.length === 0 ? (
        <p class="soft">
          {off ? (
            <>
              Browsers are not asked for it: see <code>browser_logs</code>.
            </>
          ) : (
            'It has said nothing lately.'
          )}
        </p>
      ) : (
        <>
          <ol class="log narrow-log" aria-label={plural(lines.length, 'line')}>
            {[...lines].reverse().map((line) => (
              <LogRow key={line.id} line={line} now_ms={now_ms} />
            ))}
          </ol>
        </>
      )}
    </details>
  );
}
