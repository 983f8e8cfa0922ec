/** A question before something that matters, in a dialog of the browser's own. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { whyNot } from './said.ts';

interface Props {
  title: string;
  /** What the button says that does it. */
  does: string;
  harms?: boolean;
  /** Whether what is said in it is enough to go on; left out = always. */
  ready?: boolean;
  act: () => Promise<unknown>;
  close: () => void;
  children: ComponentChildren;
}

/** Stays open with the reason where `act` fails, and closes where it does not. */
export function Sure({ title, does, harms, ready = true, act, close, children }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState('');
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.showModal();
    return () => before?.focus();
  }, []);
  const go = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await act();
      close();
    } catch (error) {
      setTrouble(whyNot(error));
      setBusy(false);
    }
  };
  return (
    <dialog class="sure" ref={box} aria-labelledby="h-sure" onClose={close}>
      <form onSubmit={(event) => void go(event)}>
        <h2 id="h-sure">{title}</h2>
        {children}
        {trouble && (
          <p class="alert" role="alert">
            {trouble}
          </p>
        )}
        <div class="actions">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button class={harms ? 'danger' : 'primary'} disabled={busy || !ready}>
            {busy ? 'One moment …' : does}
          </button>
        </div>
      </form>
    </dialog>
  );
}
