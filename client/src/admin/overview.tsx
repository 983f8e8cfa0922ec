/** Everything at a glance: who is where, what runs, and what went wrong. */

import { ExperimentActions, Recruitment } from './actions.tsx';
import { Chart } from './chart.tsx';
import { arrived, outcomes, rank, standing, steps, totals, usualWait } from './figures.ts';
import { clock, duration, number, percent, plural } from './format.ts';
import { Bar, Empty, Listed, Part, Severity } from './parts.tsx';
import { Recent } from './recent.tsx';
import { stay } from './router.ts';
import type { Boot, Experiment, Lobby, Mode, Seen } from './said.ts';
import { Alarms, Load, useStanding } from './standing.tsx';

export function Overview({ seen, boot, paused }: { seen: Seen; boot: Boot; paused: boolean }) {
  const standing = useStanding(paused);
  return (
    <>
      <Alarms of={standing.said} />
      {boot.alone && (
        <p class="alert good">
          Nobody has an account yet: only links from the terminal open this page.{' '}
          <a href="/admin/accounts">Make one</a> before the study begins.
        </p>
      )}
      <Figures seen={seen} />
      <Part id="experiments" title="Experiments">
        {seen.experiments.length ? (
          <div class="cards">
            {seen.experiments.map((one) => (
              <Card
                key={one.id}
                one={one}
                base={seen.base}
                now_ms={seen.now_ms}
                pace_minutes={seen.pace_minutes}
              />
            ))}
          </div>
        ) : (
          <Empty>
            None is open. Start one with <code>igym up DIR</code>, or send one with{' '}
            <code>igym submit DIR</code>.
          </Empty>
        )}
      </Part>
      <div class="pair">
        <Lobbies lobbies={seen.lobbies} now_ms={seen.now_ms} />
        <Latest seen={seen} />
      </div>
      <Recent paused={paused} now_ms={seen.now_ms} />
      <Load of={standing.said} trouble={standing.trouble} games={seen.games} />
    </>
  );
}

function Figures({ seen }: { seen: Seen }) {
  const all = totals(seen);
  const figures: [string, string, string][] = [
    ['In the study', number(all.here), 'arrived and not ended'],
    ['Waiting', number(all.waiting), plural(seen.lobbies.length, 'waiting room')],
    ['Playing', number(all.playing), plural(all.games, 'live game')],
    [
      'Worker load',
      all.load === null ? '–' : percent(all.load),
      plural(seen.workers.length, 'game worker'),
    ],
    ['Problems', number(all.problems), all.problems ? 'see below' : 'none in the last week'],
  ];
  return (
    <dl class="figures" aria-label="Now">
      {figures.map(([label, value, note]) => (
        <div key={label} class={label === 'Problems' && all.problems ? 'figure bad' : 'figure'}>
          <dt>{label}</dt>
          <dd>
            <strong>{value}</strong> <span class="soft">{note}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Card(props: { one: Experiment; base: string; now_ms: number; pace_minutes: number }) {
  const { one, base, now_ms, pace_minutes } = props;
  const link = `${base}/e/${encodeURIComponent(one.id)}`;
  const modes = one.modes.filter(arrived).sort((a, b) => rank(a.mode) - rank(b.mode));
  return (
    <article class="card" data-experiment={one.id}>
      <h3>
        {one.title || one.id} <span class="tag">version {one.version}</span>
      </h3>
      <p class="link">
        <a href={link} rel="noopener" target="_blank">
          {link}
        </a>
      </p>
      <Recruitment one={one} />
      <ExperimentActions one={one} />
      {modes.map((mode) => (
        <div key={mode.mode}>
          <Funnel mode={mode} />
          {mode.pace.arrived && mode.pace.ended && (
            <Chart
              arrived={mode.pace.arrived}
              ended={mode.pace.ended}
              step_s={60 * pace_minutes}
              now_ms={now_ms}
            />
          )}
        </div>
      ))}
      {modes.length === 0 && <p class="soft">Nobody has arrived yet.</p>}
      <details>
        <summary>Data and package</summary>
        <p class="soft">
          Parquet tables, a few seconds behind the games, in <code>{one.data}</code>
        </p>
        <pre tabIndex={0}>
          <code>{`import pandas as pd\npd.read_parquet("${one.data}/ticks")`}</code>
        </pre>
        <p class="soft">
          Package <code>{one.package}</code>
        </p>
      </details>
    </article>
  );
}

function Funnel({ mode }: { mode: Mode }) {
  const all = steps(mode);
  const most = Math.max(1, all[0]?.count ?? 0);
  const ends = outcomes(mode);
  const now = standing(mode);
  const wait = usualWait(mode.waits);
  return (
    <table class="funnel" data-mode={mode.mode}>
      <caption>
        <span class="tag quiet">{mode.mode}</span>{' '}
        <span class="soft">
          {now.length ? `Now: ${now.map(([what, n]) => `${number(n)} ${what}`).join(', ')}.` : ''}
          {wait !== null && ` Half of the waits took at most ${duration(wait)}.`}
        </span>
      </caption>
      <thead class="unseen">
        <tr>
          <th scope="col">Step</th>
          <th scope="col">People</th>
          <th scope="col">Share of those who arrived</th>
        </tr>
      </thead>
      <tbody>
        {all.map((step) => (
          <tr key={step.label}>
            <th scope="row">{step.label}</th>
            <td class="n">{number(step.count)}</td>
            <td>
              <Bar
                share={step.count / most}
                label={`${percent(step.count / most)} of those who arrived`}
              />
            </td>
          </tr>
        ))}
        {ends.map(([outcome, count]) => (
          <tr key={`:${outcome}`} class="outcome">
            <th scope="row">{outcome}</th>
            <td class="n">{number(count)}</td>
            <td>
              <Bar
                share={count / most}
                kind={outcome === 'complete' ? 'good' : 'fair'}
                label={`${percent(count / most)} of those who arrived`}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Lobbies({ lobbies, now_ms }: { lobbies: Lobby[]; now_ms: number }) {
  return (
    <Listed
      id="lobbies"
      title="Waiting rooms"
      aside={
        <a href="/admin/lobbies" onClick={stay}>
          Who waits for what
        </a>
      }
      heads={['Experiment', 'Scene', 'Mode', 'Waiting', 'Longest wait']}
      rows={lobbies}
      empty={<Empty>Nobody waits.</Empty>}
      line={(one) => (
        <tr key={one.id}>
          <td>{one.experiment}</td>
          <td>{one.scene}</td>
          <td>{one.mode}</td>
          <td class="n">
            {number(one.waiting)}{' '}
            {one.wanted > 0 && <span class="soft">for groups of {one.wanted}</span>}
          </td>
          <td class="n">{duration((now_ms - one.since_ms) / 1000)}</td>
        </tr>
      )}
    />
  );
}

function Latest({ seen }: { seen: Seen }) {
  const few = seen.problems.latest;
  return (
    <Part
      id="problems"
      title="Latest problems"
      aside={
        seen.problems.total > few.length && (
          <a href="/admin/problems" onClick={stay}>
            All of them
          </a>
        )
      }
    >
      {few.length === 0 ? (
        <Empty>None in the last week.</Empty>
      ) : (
        <ul class="lines">
          {few.map((one) => (
            <li key={one.id}>
              <time class="soft n">{clock(one.at_ms, seen.now_ms)}</time>{' '}
              <Severity of={one.severity} />{' '}
              <a href="/admin/problems" onClick={stay}>
                {one.message}
              </a>{' '}
              <span class="soft">
                {one.experiment} · {one.where}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}
