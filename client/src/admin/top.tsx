/** The bar above every page, as templates/admin/_top.html draws it for the others. */

import { useEffect, useRef } from 'preact/hooks';
import type { Boot } from './said.ts';
import { stay } from './router.ts';

export function Top({ boot, path, ours }: { boot: Boot; path: string; ours: Set<string> }) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the pages stand in one line that is pushed sideways.
    const here = nav.current?.querySelector<HTMLElement>('[aria-current]');
    if (here && nav.current) nav.current.scrollLeft = here.offsetLeft - nav.current.offsetLeft - 24;
  }, [path]);
  return (
    <header class="top">
      <h1>
        igym <span class="soft">{boot.version}</span>
      </h1>
      <nav aria-label="Admin" ref={nav}>
        {boot.pages.map((page) => (
          <a
            key={page.href}
            href={page.href}
            aria-current={page.href === path ? 'page' : undefined}
            onClick={ours.has(page.href) ? stay : undefined}
          >
            {page.label}
          </a>
        ))}
      </nav>
      <form method="post" action={boot.leave}>
        <input type="hidden" name="form_token" value={boot.form_token} />
        <button>Sign out</button>
      </form>
    </header>
  );
}
