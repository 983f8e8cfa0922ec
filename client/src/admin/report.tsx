/** What the check of a package found: each finding with its place and what to do. */

import { useNews } from './news.ts';
import { duration, plural } from './format.ts';

interface Finding {
  level: 'error' | 'warning' | 'note';
  code: string;
  message: string;
  hint: string;
  file: string;
  line: number;
  scene: string;
  trace: string;
}

interface SceneReport {
  name: string;
  kind: string;
  about: string;
  tick_ms: number;
  longest_ms: number;
  recovery: string;
  deterministic: boolean;
}

interface Said {
  state: 'waiting' | 'passed' | 'failed';
  findings: Finding[];
  scenes: SceneReport[];
  took_s: number;
  igym: string;
}

const KIND = { error: 'poor', warning: 'fair', note: '' };

export function Report({ of, waits }: { of: string; waits: boolean }) {
  // What was found does not change: only a check that goes on is worth asking again.
  const news = useNews<Said>(`/admin/packages/${of}/report.json`, waits ? 1000 : 30_000, false);
  const said = news.said;
  if (!said) return <p class={news.trouble ? 'alert' : 'soft'}>{news.trouble || 'Asking …'}</p>;
  if (said.state === 'waiting')
    return (
      <p role="status">
        The check goes on: what it depends on is installed, and its games are tried. This takes from
        a few seconds to some minutes.
      </p>
    );
  const errors = said.findings.filter((one) => one.level === 'error').length;
  const others = said.findings.length - errors;
  return (
    <div class="report">
      <p class={said.state === 'passed' ? 'alert good' : 'alert'} role="status">
        {said.state === 'passed'
          ? others
            ? `The check passed, with ${plural(others, 'thing')} to know.`
            : 'The check passed.'
          : `The check refused it: ${plural(errors, 'error')}. Mend the package and send it again.`}{' '}
        {said.took_s >= 1 && (
          <span class="soft">
            It took {duration(said.took_s)}
            {said.igym && `, with igym ${said.igym}`}.
          </span>
        )}
      </p>
      {said.findings.length > 0 && (
        <ol class="found">
          {said.findings.map((one, i) => (
            <li key={i} data-level={one.level}>
              <span class={`tag level ${KIND[one.level]}`}>{one.level}</span>{' '}
              {one.file && (
                <code>
                  {one.file}
                  {one.line > 0 && `:${one.line}`}
                </code>
              )}{' '}
              {one.scene && !one.file && <span class="soft">scene {one.scene}</span>}
              <p>{one.message}</p>
              {one.hint && <p class="todo">{one.hint}</p>}
              {one.trace && (
                <details>
                  <summary>Traceback</summary>
                  <pre tabIndex={0}>{one.trace}</pre>
                </details>
              )}
            </li>
          ))}
        </ol>
      )}
      {said.scenes.length > 0 && (
        <ul class="scenes" aria-label="Scenes">
          {said.scenes.map((one) => (
            <li key={one.name}>
              <strong>{one.name}</strong> <span class="tag quiet">{one.kind}</span>{' '}
              <span class="soft">{[one.about, speed(one)].filter(Boolean).join(' · ')}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

const speed = (one: SceneReport): string =>
  one.tick_ms > 0
    ? `a step takes ${one.tick_ms.toPrecision(2)} ms, the longest ${one.longest_ms.toPrecision(2)} ms`
    : '';
