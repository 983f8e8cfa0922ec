/** Small things that several pages are made of. */

import type { ComponentChildren } from 'preact';

/** A heading with what belongs to it. */
export function Part(props: {
  id: string;
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section aria-labelledby={`h-${props.id}`}>
      <div class="part-head">
        <h2 id={`h-${props.id}`}>{props.title}</h2>
        {props.aside}
      </div>
      {props.children}
    </section>
  );
}

/** Nothing to show, and what that means. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** A table under a heading of that id; it scrolls sideways where it does not fit. */
export function Table(props: {
  id: string;
  heads: string[];
  /** Other rows are on their way. */
  busy?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div
      class="scroll"
      tabIndex={0}
      role="region"
      aria-labelledby={`h-${props.id}`}
      aria-busy={props.busy ?? false}
    >
      <table>
        <thead>
          <tr>
            {props.heads.map((head) => (
              <th scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}

/** A part that is a table: a line for each of `rows`, or `empty` where there is none. */
export function Listed<T>(props: {
  id: string;
  title: string;
  aside?: ComponentChildren;
  heads: string[];
  rows: readonly T[];
  /** Other rows are on their way. */
  busy?: boolean;
  line: (row: T) => ComponentChildren;
  empty: ComponentChildren;
  /** Below the table. */
  children?: ComponentChildren;
}) {
  return (
    <Part id={props.id} title={props.title} aside={props.aside}>
      {props.rows.length === 0 ? (
        props.empty
      ) : (
        <Table id={props.id} heads={props.heads} busy={props.busy ?? false}>
          {props.rows.map(props.line)}
        </Table>
      )}
      {props.children}
    </Part>
  );
}

/** A share of a whole, as a bar. */
export function Bar({ share, label, kind }: { share: number; label: string; kind?: string }) {
  const full = Math.min(1, Math.max(0, share));
  return (
    <span class={`bar-of ${kind ?? ''}`} role="img" aria-label={label}>
      <span style={{ width: `${full * 100}%` }} />
    </span>
  );
}

/** The first letters of an id, with the whole of it on the pointer. */
export function Id({ id, show = 8 }: { id: string; show?: number }) {
  return (
    <code class="id" title={id}>
      {id.slice(0, show)}
    </code>
  );
}

/** How bad something is, in a word that is also a colour. */
export function Severity({ of }: { of: string }) {
  return (
    <span class="severity" data-severity={of}>
      {of}
    </span>
  );
}
