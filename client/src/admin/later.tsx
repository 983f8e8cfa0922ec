/** A page whose code is fetched when it is first looked at. */

import { useEffect, useState } from 'preact/hooks';
import { Empty } from './parts.tsx';
import type { Boot } from './said.ts';

type Page = (props: { path: string; boot: Boot }) => preact.JSX.Element;

/** Addresses that name a game, or an episode. */
export const NAMED = /^\/admin\/(games\/[^/]+\/[^/]+|episodes\/[^/]+)$/;

let known: Page | null = null;

export function Later({ path, boot }: { path: string; boot: Boot }) {
  const [Found, setFound] = useState<Page | null>(() => known);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (Found) return;
    import('./deep.tsx').then(
      ({ Deep }) => {
        known = Deep;
        setFound(() => Deep);
      },
      () => setFailed(true),
    );
  }, [Found]);
  if (failed)
    return (
      <p class="alert" role="alert">
        A part of this page did not come.{' '}
        <button type="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </p>
    );
  return Found ? <Found path={path} boot={boot} /> : <Empty>Opening …</Empty>;
}
