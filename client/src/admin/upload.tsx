/** Sending a package: dropped, or chosen; what becomes of it is told beside it. */

import type { JSX, TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ofDrop, parcel, NoPackage, type Parcel } from './dropped.ts';
import { bytes, percent } from './format.ts';
import { Bar } from './parts.tsx';

interface Sent {
  package: string;
  experiment: string;
  version: string;
  new: boolean;
}

type State =
  | { at: 'idle' }
  | { at: 'packing' }
  | { at: 'sending'; name: string; bytes: number; share: number }
  | { at: 'sent'; said: Sent }
  | { at: 'refused'; why: string };

/** What is dropped beside the box: a browser would open it and leave the page. */
const beside = (event: DragEvent): void => event.preventDefault();

export function Upload(props: {
  mostMb: number;
  formToken: string;
  sent: (said: Sent) => void;
}): JSX.Element {
  const [state, setState] = useState<State>({ at: 'idle' });
  const [over, setOver] = useState(false);
  const file = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const busy = state.at === 'packing' || state.at === 'sending';

  useEffect(() => {
    for (const what of ['dragover', 'drop'] as const) window.addEventListener(what, beside);
    return () => {
      for (const what of ['dragover', 'drop'] as const) window.removeEventListener(what, beside);
    };
  }, []);
  const take = async (made: Promise<Parcel>): Promise<void> => {
    setState({ at: 'packing' });
    try {
      const { name, zip } = await made;
      setState({ at: 'sending', name, bytes: zip.size, share: 0 });
      const said = await send(zip, props.formToken, (share) =>
        setState({ at: 'sending', name, bytes: zip.size, share }),
      );
      setState({ at: 'sent', said });
      props.sent(said);
    } catch (error) {
      const why = error instanceof NoPackage ? error.message : 'That could not be read.';
      setState({ at: 'refused', why });
    }
  };
  const chosen = (event: TargetedEvent<HTMLInputElement>): void => {
    const files = [...(event.currentTarget.files ?? [])];
    event.currentTarget.value = ''; // so that the same one may be chosen once more
    if (files.length) void take(parcel(files, props.mostMb));
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer && !busy) void take(ofDrop(event.dataTransfer, props.mostMb));
  };
  return (
    <div
      class="drop"
      data-over={over}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <div class="drop-says">
        <strong>Drop a package here</strong>{' '}
        <span class="soft">
          Its folder, or a ZIP of it, up to {props.mostMb} MB. It is checked before anybody gets it.
        </span>
      </div>
      <div class="actions">
        <button type="button" disabled={busy} onClick={() => file.current?.click()}>
          Choose a ZIP
        </button>
        <button type="button" disabled={busy} onClick={() => folder.current?.click()}>
          Choose a folder
        </button>
      </div>
      <input ref={file} type="file" accept=".zip,application/zip" hidden onChange={chosen} />
      <input
        ref={(one) => {
          folder.current = one;
          if (one) one.webkitdirectory = true;
        }}
        type="file"
        hidden
        onChange={chosen}
      />
      <div class="drop-state" role="status">
        {state.at === 'packing' && <p class="soft">Reading it …</p>}
        {state.at === 'sending' && (
          <p>
            <Bar share={state.share} label={`Sent ${percent(state.share)}`} />{' '}
            {state.share < 1
              ? `${state.name}: ${percent(state.share)} of ${bytes(state.bytes)} sent`
              : `${state.name}: sent, and being unpacked`}
          </p>
        )}
        {state.at === 'sent' && (
          <p class="alert good">
            {state.said.experiment} {state.said.version}{' '}
            {state.said.new
              ? 'has arrived; its check is below.'
              : 'was here already, with the same files.'}
          </p>
        )}
        {state.at === 'refused' && <p class="alert">{state.why}</p>}
      </div>
    </div>
  );
}

/** Send it. Not by fetch, which says nothing of how far it is. Throws `NoPackage`. */
function send(zip: Blob, formToken: string, moved: (share: number) => void): Promise<Sent> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/admin/packages.json');
    request.setRequestHeader('X-Form-Token', formToken);
    request.setRequestHeader('Content-Type', 'application/zip');
    request.responseType = 'json';
    request.upload.onprogress = (event) => moved(event.total ? event.loaded / event.total : 0);
    request.onload = () => {
      const said = (request.response ?? {}) as Sent & { text?: string; hint?: string };
      if (request.status === 401) location.reload();
      if (request.status === 200) done(said);
      else
        fail(
          new NoPackage(
            said.text
              ? `${said.text} ${said.hint ?? ''}`.trim()
              : request.status === 413
                ? 'It is larger than the server, or a proxy before it, takes.'
                : `The server answered ${request.status}.`,
          ),
        );
    };
    request.onerror = () => fail(new NoPackage('The upload stopped on the way. Try again.'));
    request.send(zip);
  });
}
