/** Packages: sending one, what its check found, and which version newcomers get. */

import { useState } from 'preact/hooks';
import { bytes, clock, number, percent, plural } from './format.ts';
import { useNews } from './news.ts';
import { Bar, Empty, Part, Table } from './parts.tsx';
import { Rehearsal } from './rehearsal.tsx';
import { Report } from './report.tsx';
import { order } from './said.ts';
import { Newcomers } from './newcomers.tsx';
import { type Shelf, type Shelved, type Treatment, type Version } from './shelf.ts';
import { Sure } from './sure.tsx';
import { Upload } from './upload.tsx';

/** What is shown below a version. */
type Open = { package: string; what: 'report' | 'rehearsal' } | null;

type Step = { of: Version; from: Shelved; what: 'activate' | 'retire' } | null;

export function Packages({ paused, formToken }: { paused: boolean; formToken: string }) {
  const news = useNews<Shelf>('/admin/packages.json', 1500, paused);
  const [open, setOpen] = useState<Open>(null);
  const [step, setStep] = useState<Step>(null);
  const shelf = news.said;
  if (!shelf)
    return (
      <Part id="packages" title="Packages">
        {news.trouble ? (
          <p class="alert">{news.trouble} Trying again.</p>
        ) : (
          <Empty>Asking what there is …</Empty>
        )}
      </Part>
    );
  return (
    <>
      <Part
        id="packages"
        title="Packages"
        aside={<p class="soft">{plural(shelf.experiments.length, 'experiment')}</p>}
      >
        {news.trouble && <p class="alert">{news.trouble} Trying again.</p>}
        {shelf.may_submit && (
          <Upload
            mostMb={shelf.most_mb}
            formToken={formToken}
            sent={(said) => setOpen({ package: said.package, what: 'report' })}
          />
        )}
      </Part>
      {shelf.experiments.length === 0 && (
        <Empty>
          None of your experiments is here yet.
          {shelf.may_submit && ' Drop one above, or send it with igym submit DIR.'}
        </Empty>
      )}
      {shelf.experiments.map((one) => (
        <Experiment
          key={one.id}
          one={one}
          shelf={shelf}
          formToken={formToken}
          open={open}
          show={setOpen}
          step={setStep}
        />
      ))}
      {step && <Move step={step} formToken={formToken} close={() => setStep(null)} />}
    </>
  );
}

function Experiment(props: {
  one: Shelved;
  shelf: Shelf;
  formToken: string;
  open: Open;
  show: (open: Open) => void;
  step: (step: Step) => void;
}) {
  const { one, shelf, open } = props;
  const id = `x-${one.id}`;
  const opened = one.versions.find((version) => version.package === open?.package);
  return (
    <Part
      id={id}
      title={one.title}
      aside={
        <p class="actions small">
          <code>{one.id}</code> <Newcomers one={one} shelf={shelf} formToken={props.formToken} />
        </p>
      }
    >
      <Table id={id} heads={['Version', 'Stands', 'What to do', 'People', 'Sent', 'Size']}>
        {one.versions.map((version) => (
          <tr key={version.package} data-version={version.version}>
            <th scope="row">
              {version.version} <code class="id">{version.package.slice(0, 8)}</code>
            </th>
            <td>
              <span class={`state ${version.standing}`} title={moved(version, shelf.now_ms)}>
                {STANDS[version.standing]}
              </span>
            </td>
            <td>
              <Actions
                version={version}
                one={one}
                shelf={shelf}
                open={open}
                show={props.show}
                step={props.step}
              />
            </td>
            <td>{people(version.people)}</td>
            <td>
              {version.sent_by}, <span class="n">{clock(version.sent_ms, shelf.now_ms)}</span>
            </td>
            <td class="n">{version.size ? bytes(version.size) : ''}</td>
          </tr>
        ))}
      </Table>
      {opened && open && (
        <section class="below" aria-label={`Version ${opened.version}`}>
          <p class="soft">Version {opened.version}</p>
          {open.what === 'report' ? (
            <Report of={opened.package} waits={opened.standing === 'stored'} />
          ) : (
            <Rehearsal of={opened} shelf={shelf} formToken={props.formToken} />
          )}
        </section>
      )}
      {one.versions_hidden > 0 && (
        <p class="soft">{number(one.versions_hidden)} older ones are not listed.</p>
      )}
      {one.places.length > 0 && <Places places={one.places} />}
    </Part>
  );
}

const STANDS: Record<Version['standing'], string> = {
  stored: 'being checked',
  refused: 'refused',
  checked: 'checked',
  active: 'active',
  retired: 'retired',
};

const moved = (version: Version, now_ms: number): string =>
  version.moved_by ? `by ${version.moved_by}, ${clock(version.moved_ms, now_ms)}` : '';

function Actions(props: {
  version: Version;
  one: Shelved;
  shelf: Shelf;
  open: Open;
  show: (open: Open) => void;
  step: (step: Step) => void;
}) {
  const { version, one, shelf, open, show, step } = props;
  const toggle = (what: 'report' | 'rehearsal') => {
    const on = open?.package === version.package && open.what === what;
    return {
      type: 'button' as const,
      'aria-expanded': on,
      onClick: () => show(on ? null : { package: version.package, what }),
    };
  };
  const passed = version.preview !== '';
  const back = version.standing === 'retired' && one.active !== '';
  return (
    <div class="actions small">
      <button {...toggle('report')}>Report</button>
      {passed && (
        <a class="button" href={version.preview} target="_blank" rel="noopener">
          Preview
        </a>
      )}
      {passed && <button {...toggle('rehearsal')}>Rehearsal</button>}
      {passed && shelf.may_release && version.standing !== 'active' && (
        <button type="button" onClick={() => step({ of: version, from: one, what: 'activate' })}>
          {back ? 'Roll back' : 'Activate'}
        </button>
      )}
      {shelf.may_release && version.standing === 'active' && (
        <button
          type="button"
          class="danger"
          onClick={() => step({ of: version, from: one, what: 'retire' })}
        >
          Retire
        </button>
      )}
    </div>
  );
}

function Move(props: { step: NonNullable<Step>; formToken: string; close: () => void }) {
  const { of, from, what } = props.step;
  const back = what === 'activate' && of.standing === 'retired' && from.active !== '';
  const title =
    what === 'retire'
      ? `Retire version ${of.version}?`
      : back
        ? `Roll back to version ${of.version}?`
        : `Activate version ${of.version}?`;
  return (
    <Sure
      title={title}
      does={what === 'retire' ? 'Retire' : back ? 'Roll back' : 'Activate'}
      harms={what === 'retire'}
      act={() => order(`/admin/packages/${of.package}/${what}.json`, props.formToken)}
      close={props.close}
    >
      <p>
        {what === 'retire'
          ? `Nobody new is let into ${from.title} until a version is active again.`
          : from.active
            ? `Newcomers of ${from.title} get version ${of.version} instead of ${from.active}.`
            : `Newcomers of ${from.title} get version ${of.version}.`}{' '}
        Whoever has begun goes on with the version they have.
      </p>
    </Sure>
  );
}

/** Who came to a version: people who count first. */
function people(by: Record<string, number>) {
  const { live = 0, ...others } = by;
  const rest = Object.entries(others);
  return (
    <>
      <span class="n">{number(live)}</span>{' '}
      {rest.length > 0 && (
        <span class="soft">{rest.map(([mode, n]) => `${number(n)} ${mode}`).join(', ')}</span>
      )}
    </>
  );
}

function Places({ places }: { places: Treatment[] }) {
  return (
    <details class="places" open>
      <summary>Treatments of version {places[0]?.version}</summary>
      {places.map((one) => (
        <table class="funnel" key={`${one.mode} ${one.name}`} data-treatment={one.name}>
          <caption>
            <span class="tag quiet">{one.mode}</span> <strong>{one.name}</strong>{' '}
            <span class="soft">
              per {one.per}
              {one.wanted > 0 &&
                `, ${number(one.wanted)} wanted of each${one.over ? ` and up to ${number(one.over)} beyond` : ''}`}
            </span>
          </caption>
          <thead class="unseen">
            <tr>
              <th scope="col">Cell</th>
              <th scope="col">Completed</th>
              <th scope="col">Share of what is wanted</th>
              <th scope="col">Under way</th>
            </tr>
          </thead>
          <tbody>
            {one.cells.map((cell) => (
              <tr key={cell.cell}>
                <th scope="row" title={cell.means}>
                  {cell.cell}
                </th>
                <td class="n">
                  {number(cell.valid)}
                  {one.wanted > 0 && <span class="soft"> / {number(one.wanted)}</span>}
                </td>
                <td>
                  {one.wanted > 0 && (
                    <Bar
                      share={cell.valid / one.wanted}
                      kind={cell.valid >= one.wanted ? 'good' : ''}
                      label={`${percent(cell.valid / one.wanted)} of what is wanted`}
                    />
                  )}
                </td>
                <td class="soft n">
                  {cell.reserved > 0 ? `${number(cell.reserved)} under way` : ''}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
    </details>
  );
}
