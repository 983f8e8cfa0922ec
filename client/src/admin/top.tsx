/** The bar above every page, as templates/admin/_top.html draws it for the others. */

import type { Boot } from './said.ts';
import { stay } from './router.ts';

export function Top({ boot, path, ours }: { boot: Boot; path: string; ours: Set<string> }) {
  return (
    <header class="top">
      <h1>
        igym <span class="soft">{boot.version}</span>
      </h1>
      <nav aria-label="Admin">
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
