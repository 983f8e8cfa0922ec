/** Calls that come too fast become one, a little later: nothing is lost but the hurry. */

export interface Pace {
  /** At once, or when the time since the last one is up. */
  soon(): void;
  stop(): void;
}

export function paced(every_ms: number, call: () => void): Pace {
  let last = -Infinity;
  let timer = 0;
  const now = (): void => {
    timer = 0;
    last = performance.now();
    call();
  };
  return {
    soon() {
      if (timer) return;
      const left = every_ms - (performance.now() - last);
      if (left <= 0) now();
      else timer = window.setTimeout(now, left);
    },
    stop: () => clearTimeout(timer),
  };
}
