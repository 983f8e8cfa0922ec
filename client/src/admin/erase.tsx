/** Taking one person out of the data, at their request. It cannot be undone. */

import { useEffect, useState } from 'preact/hooks';
import { number, plural } from './format.ts';
import { follow, order } from './said.ts';
import { Sure } from './sure.tsx';

interface Told {
  state: 'waiting' | 'doing' | 'done' | 'failed';
  said: { sessions?: number; rows?: number; keys?: number; log_rewritten?: boolean };
  text: string;
  hint: string;
}

type How = 'erase' | 'anonymise';

const DOES: Record<How, string> = {
  erase: 'Every row about them goes, and what Redis has of them; games they were in keep a hole.',
  anonymise: 'Rows stay, under ids that nobody can follow back to them; what they wrote goes.',
};

export function Erase(props: { of: string; formToken: string; erased: () => void }) {
  const { of, formToken, erased } = props;
  const [who, setWho] = useState('');
  const [how, setHow] = useState<How>('erase');
  const [asking, setAsking] = useState(false);
  const [again, setAgain] = useState('');
  const [id, setId] = useState('');
  const where = `/admin/data/${encodeURIComponent(of)}`;
  const open = (event: Event): void => {
    event.preventDefault();
    setAgain('');
    setAsking(true);
  };
  const erase = async (): Promise<void> => {
    const made = await order<{ id: string }>(`${where}/erase.json`, formToken, {
      who: who.trim(),
      again: again.trim(),
      how,
    });
    setId(made.id);
    setWho('');
  };
  return (
    <section aria-labelledby={`h-erase-${of}`}>
      <h3 id={`h-erase-${of}`}>Erase a participant</h3>
      <form class="inline" onSubmit={open}>
        <label>
          Participant, session or recruiter's id{' '}
          <input
            value={who}
            required
            maxLength={128}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setWho(event.currentTarget.value)}
          />
        </label>
        <label>
          How{' '}
          <select value={how} onChange={(event) => setHow(event.currentTarget.value as How)}>
            <option value="erase">erase</option>
            <option value="anonymise">make anonymous</option>
          </select>
        </label>
        <button class="danger">{how === 'erase' ? 'Erase …' : 'Make anonymous …'}</button>
      </form>
      {id && <Came key={id} path={`${where}/erased/${id}.json`} erased={erased} />}
      {asking && (
        <Sure
          title={how === 'erase' ? 'Erase this person for good?' : 'Make this person anonymous?'}
          does={how === 'erase' ? 'Erase' : 'Make anonymous'}
          harms
          ready={again.trim() === who.trim()}
          act={erase}
          close={() => setAsking(false)}
        >
          <p>
            {DOES[how]} In all versions of {of}. It cannot be undone.
          </p>
          <div class="fields">
            <label>
              <span>
                Type <code>{who.trim()}</code> to confirm
              </span>
              <input
                value={again}
                autocomplete="off"
                spellcheck={false}
                onInput={(event) => setAgain(event.currentTarget.value)}
              />
            </label>
          </div>
        </Sure>
      )}
    </section>
  );
}

function Came({ path, erased }: { path: string; erased: () => void }) {
  const [told, setTold] = useState<Told | null>(null);
  const [trouble, setTrouble] = useState('');
  const over = told?.state === 'done' || told?.state === 'failed';
  useEffect(() => {
    if (over) return;
    return follow<Told>(() => path, 1000, setTold, setTrouble);
  }, [path, over]);
  useEffect(() => {
    if (over) erased();
  }, [over]);
  if (told?.state === 'failed')
    return (
      <p class="alert" role="status">
        Nothing more was changed. {told.text} {told.hint}
      </p>
    );
  if (told?.state === 'done') {
    const { sessions = 0, rows = 0, keys = 0, log_rewritten } = told.said;
    return (
      <p class={sessions || rows ? 'alert good' : 'alert'} role="status" data-erased={sessions}>
        {sessions || rows
          ? `Done: ${plural(sessions, 'session')}, ${plural(rows, 'row')} of the data and ${number(keys)} entries in Redis were taken out or changed.`
          : 'Nobody here is known by that id (any more). Nothing was changed.'}
        {(sessions || rows) && !log_rewritten
          ? ' Redis did not write its append-only file anew: what was deleted is in it until it does.'
          : ''}
      </p>
    );
  }
  return (
    <p class="soft" role="status">
      {trouble ||
        (told?.state === 'doing'
          ? 'It is being done …'
          : 'The director is asked; what people do at this moment is written first …')}
    </p>
  );
}
