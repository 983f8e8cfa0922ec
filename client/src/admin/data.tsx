/** The data: how much of it there is, its first rows, exports, and taking one person out. */

import { useState } from 'preact/hooks';
import { Browse } from './browse.tsx';
import { Erase } from './erase.tsx';
import { Exports, type Export } from './exports.tsx';
import { bytes, clock, number, plural } from './format.ts';
import { useNews } from './news.ts';
import { Empty, Part, Table } from './parts.tsx';

interface Kept {
  version: string;
  people: Record<string, number>;
  standing: string;
  package_bytes: number;
}

export interface Study {
  id: string;
  title: string;
  versions: Kept[];
  exports: Export[];
  kept: { sessions: number; first_ms: number };
  may_export: boolean;
  may_erase: boolean;
}

interface Said {
  now_ms: number;
  retention_days: number;
  export_days: number;
  rows_of_page: number;
  tables: string[];
  experiments: Study[];
}

interface Amounts {
  tables: Record<string, { rows: number; bytes: number; whole: boolean }>;
  other_bytes: number;
}

export function Data({ paused, formToken }: { paused: boolean; formToken: string }) {
  const news = useNews<Said>('/admin/data.json', 2000, paused);
  const said = news.said;
  const trouble = news.trouble && <p class="alert">{news.trouble} Trying again.</p>;
  if (!said)
    return (
      <Part id="data" title="Data">
        {trouble || <Empty>Asking what there is …</Empty>}
      </Part>
    );
  return (
    <>
      <Part id="data" title="Data">
        {trouble}
        <p class="soft">
          Tables are a few seconds behind the participants. They stay until somebody is erased from
          them or their folder is deleted. Ended sessions leave Redis {said.retention_days} days
          after their end, exports are deleted {said.export_days} days after they were made.
        </p>
      </Part>
      {said.experiments.length === 0 && (
        <Empty>None of your experiments is here yet. Send one on the page Packages.</Empty>
      )}
      {said.experiments.map((one) => (
        <Experiment key={one.id} one={one} said={said} formToken={formToken} />
      ))}
    </>
  );
}

function Experiment({ one, said, formToken }: { one: Study; said: Said; formToken: string }) {
  const [chosen, setChosen] = useState('');
  const [stamp, setStamp] = useState(0);
  const version = one.versions.find((each) => each.version === chosen) ?? one.versions[0];
  const id = `d-${one.id}`;
  const kept = one.kept.sessions;
  const somebody = one.versions.some((each) => Object.keys(each.people).length > 0);
  return (
    <Part
      id={id}
      title={one.title}
      aside={
        <p class="soft">
          <code>{one.id}</code>{' '}
          {kept > 0 &&
            `${plural(kept, 'ended session')} still in Redis, since ${clock(one.kept.first_ms, said.now_ms)}`}
        </p>
      }
    >
      {!version ? (
        <Empty>No version of it has passed its check, so nothing was recorded.</Empty>
      ) : (
        <div class="study" data-data={one.id}>
          {one.versions.length > 1 && (
            <label class="inline">
              Version{' '}
              <select
                value={version.version}
                onChange={(event) => setChosen(event.currentTarget.value)}
              >
                {one.versions.map((each) => (
                  <option key={each.version}>{each.version}</option>
                ))}
              </select>
            </label>
          )}
          <Recorded
            key={version.version}
            of={one.id}
            version={version}
            id={id}
            said={said}
            stamp={stamp}
          />
          <div class="pair" hidden={!somebody}>
            {one.may_export && (
              <Exports
                of={one.id}
                version={version.version}
                made={one.exports}
                now_ms={said.now_ms}
                formToken={formToken}
              />
            )}
            {one.may_erase && (
              <Erase of={one.id} formToken={formToken} erased={() => setStamp((n) => n + 1)} />
            )}
          </div>
        </div>
      )}
    </Part>
  );
}

function Recorded(props: { of: string; version: Kept; id: string; said: Said; stamp: number }) {
  const { of, version, said, stamp } = props;
  const [table, setTable] = useState('');
  const path = `/admin/data/${encodeURIComponent(of)}/${encodeURIComponent(version.version)}`;
  const news = useNews<Amounts>(`${path}.json?stamp=${stamp}`, 10_000, false);
  const came = Object.entries(version.people);
  const about = [
    `version ${version.version}`,
    came.length ? came.map(([mode, n]) => `${number(n)} ${mode}`).join(', ') : 'nobody yet',
    version.package_bytes ? `package ${bytes(version.package_bytes)}` : '',
  ];
  const amounts = news.said;
  const tables = Object.entries(amounts?.tables ?? {});
  const all = tables.reduce((sum, [, each]) => sum + each.bytes, 0) + (amounts?.other_bytes ?? 0);
  return (
    <>
      <p>
        <span class="soft">{about.filter(Boolean).join(' · ')}</span>{' '}
        {tables.length > 0 && <strong>{bytes(all)} of data</strong>}
      </p>
      {!amounts ? (
        <Empty>{news.trouble || 'Counting …'}</Empty>
      ) : tables.length === 0 ? (
        <Empty>Nothing of it was written yet.</Empty>
      ) : (
        <Table id={props.id} heads={['Table', 'Rows', 'Size', '']}>
          {tables.map(([name, each]) => (
            <tr key={name} data-table={name}>
              <th scope="row">{name}</th>
              <td class="n">
                {!each.whole && 'at least '}
                {number(each.rows)}
              </td>
              <td class="n">{bytes(each.bytes)}</td>
              <td>
                {said.tables.includes(name) && each.rows > 0 && (
                  <div class="actions small">
                    <button
                      type="button"
                      aria-expanded={table === name}
                      onClick={() => setTable(table === name ? '' : name)}
                    >
                      Look
                    </button>
                  </div>
                )}
              </td>
            </tr>
          ))}
          <tr>
            <th scope="row" class="soft">
              logs of matching, manifest, recruiters' ids
            </th>
            <td />
            <td class="n">{bytes(amounts.other_bytes)}</td>
            <td />
          </tr>
        </Table>
      )}
      {table && (
        <Browse key={table} path={path} table={table} most={said.rows_of_page} stamp={stamp} />
      )}
    </>
  );
}
