/** All that is known of one person now, beside the table. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { PersonActions } from './actions.tsx';
import { may } from './boot.ts';
import { duration } from './format.ts';
import { WatchLink } from './games.tsx';
import { RecentOf } from './recent.tsx';
import { follow } from './said.ts';
import { cellsOf, type Row } from './table.ts';
import { Timeline, type Past } from './timeline.tsx';

/** What /admin/participants/<experiment>/<session>.json answers. */
interface About extends Past {
  link: Record<string, string>;
  reason: string;
  bonus: string;
  scenes: string[];
}

export function Drawer({ row, now_ms, close }: { row: Row; now_ms: number; close: () => void }) {
  const box = useRef<HTMLElement>(null);
  const [about, setAbout] = useState<About | null>(null);
  const [trouble, setTrouble] = useState('');
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.focus();
    return () => before?.focus();
  }, []);
  useEffect(() => {
    setAbout(null);
    const path = `/admin/participants/${encodeURIComponent(row.experiment)}/${encodeURIComponent(row.id)}.json`;
    return follow<About>(
      () => path,
      2000,
      (said) => (setAbout(said), setTrouble('')),
      setTrouble,
    );
  }, [row.experiment, row.id]);
  const facts: [string, preact.ComponentChildren][] = [
    ['Session', <code key="s">{row.id}</code>],
    ['Participant', <code key="p">{row.participant}</code>],
    ['Experiment', `${row.experiment}, version ${row.release}`],
    ['Mode', row.wave ? `${row.mode}, ${row.wave}` : row.mode],
    ['State', `${row.phase}, for ${duration((now_ms - row.entered_ms) / 1000)}`],
    ['Scene', row.steps ? `${row.scene} (${row.step + 1} of ${row.steps})` : row.scene],
    ['Treatment', cellsOf(row)],
    [
      'Game',
      row.game && (
        <span key="g">
          <code>{row.game}</code>{' '}
          {row.phase === 'playing' && <WatchLink experiment={row.experiment} game={row.game} />}
        </span>
      ),
    ],
    ['Seat', row.seat],
    ['Outcome', row.outcome],
    ['Why', about?.reason],
    ['Code', row.code && <code key="c">{row.code}</code>],
    ['Bonus', about?.bonus],
    ...Object.entries(about?.link ?? {}),
  ];
  return (
    <aside
      class="drawer"
      aria-label="Participant"
      tabIndex={-1}
      ref={box}
      onKeyDown={(event) => event.key === 'Escape' && close()}
    >
      <div class="part-head">
        <h2>Participant</h2>
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
      <dl class="facts">
        {facts.map(
          ([name, said]) =>
            said && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{said}</dd>
              </div>
            ),
        )}
      </dl>
      <PersonActions row={row} />
      {may('control') && <RecentOf session={row.id} now_ms={now_ms} />}
      {trouble && <p class="alert">{trouble}</p>}
      {!about && !trouble && <p class="soft">Asking …</p>}
      {about && <Timeline past={about} session={row.id} now_ms={now_ms} />}
    </aside>
  );
}
