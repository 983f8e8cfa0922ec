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

/** A table that scrolls sideways where it does not fit. */
export function Scroll({ id, children }: { id: string; children: ComponentChildren }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-labelledby={`h-${id}`}>
      {children}
    </div>
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
