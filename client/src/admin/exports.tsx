/** Exports of a version: asked for, followed, and fetched as a ZIP. */

import { useState } from 'preact/hooks';
import { bytes, clock, percent } from './format.ts';
import { Bar } from './parts.tsx';
import { order, whyNot } from './said.ts';

export interface Export {
  id: string;
  experiment: string;
  version: string;
  modes: string[];
  formats: string[];
  asked_by: string;
  asked_ms: number;
  state: 'waiting' | 'done' | 'failed';
  share: number;
  size: number;
  text: string;
  hint: string;
}

const MODES = ['live', 'pilot', 'rehearsal', 'preview'];
const FORMATS = ['parquet', 'csv', 'jsonl'];

interface Props {
  of: string;
  version: string;
  made: Export[];
  now_ms: number;
  formToken: string;
}

export function Exports({ of, version, made, now_ms, formToken }: Props) {
  const [modes, setModes] = useState(['live']);
  const [formats, setFormats] = useState(FORMATS);
  const [why, setWhy] = useState('');
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const what = { version, modes, formats };
      await order(`/admin/data/${encodeURIComponent(of)}/exports.json`, formToken, what);
      setWhy('');
    } catch (error) {
      setWhy(whyNot(error));
    }
  };
  return (
    <section aria-labelledby={`h-export-${of}`}>
      <h3 id={`h-export-${of}`}>Export</h3>
      <form class="inline" onSubmit={(event) => void ask(event)}>
        <Choose label="Sessions" all={MODES} chosen={modes} choose={setModes} />
        <Choose label="Files" all={FORMATS} chosen={formats} choose={setFormats} />
        <button disabled={!modes.length || !formats.length}>Export version {version}</button>
      </form>
      {why && (
        <p class="alert" role="alert">
          {why}
        </p>
      )}
      <ul class="rows tight">
        {made.map((one) => (
          <li key={one.id} data-export={one.id} data-state={one.state}>
            <span>
              {one.version || 'the only version'} <span class="soft">{one.modes.join(', ')}</span>
              <br />
              <span class="soft">
                {one.asked_by}, {clock(one.asked_ms, now_ms)}
              </span>
            </span>
            <Came one={one} of={of} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Came({ one, of }: { one: Export; of: string }) {
  if (one.state === 'failed')
    return (
      <span class="bad">
        {one.text} {one.hint}
      </span>
    );
  if (one.state === 'done')
    return (
      <a
        class="button"
        href={`/admin/data/${encodeURIComponent(of)}/exports/${one.id}.zip`}
        download
      >
        Download, {bytes(one.size)}
      </a>
    );
  return (
    <span class="making" role="status">
      <Bar share={one.share} label={`${percent(one.share)} of it is made`} />{' '}
      {one.share > 0 ? percent(one.share) : 'about to begin'}
    </span>
  );
}

function Choose(props: {
  label: string;
  all: string[];
  chosen: string[];
  choose: (some: string[]) => void;
}) {
  return (
    <fieldset>
      <legend>{props.label}</legend>
      {props.all.map((one) => (
        <label key={one} class="check">
          <input
            type="checkbox"
            checked={props.chosen.includes(one)}
            onChange={(event) =>
              props.choose(
                event.currentTarget.checked
                  ? [...props.chosen, one]
                  : props.chosen.filter((each) => each !== one),
              )
            }
          />{' '}
          {one}
        </label>
      ))}
    </fieldset>
  );
}
