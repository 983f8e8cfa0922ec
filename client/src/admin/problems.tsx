/** What went wrong lately, newest first, with where and why. */

import { clock } from './format.ts';
import { Empty, Part, Severity } from './parts.tsx';
import type { Seen } from './said.ts';

export function Problems({ seen }: { seen: Seen }) {
  return (
    <Part id="problems" title="Problems">
      {seen.problems.length === 0 ? (
        <Empty>
          None in the last week. What an environment, a policy or a function of a package raises is
          told here with its traceback; participants never see it.
        </Empty>
      ) : (
        <div class="problems">
          {seen.problems.map((one) => (
            <details class="problem" key={one.id} data-severity={one.severity}>
              <summary>
                <time class="n soft">{clock(one.at_ms, seen.now_ms)}</time>{' '}
                <Severity of={one.severity} /> <strong>{one.message}</strong>{' '}
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
              <pre tabIndex={0}>{one.trace || 'There is no traceback.'}</pre>
            </details>
          ))}
        </div>
      )}
    </Part>
  );
}
