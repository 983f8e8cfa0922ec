/** When each question was first in view, first changed and last changed. Knows no library. */

/** On this browser's clock, ms since the epoch; 0 = not yet. */
export type Times = Record<string, [shown: number, first: number, last: number]>;

const nowMs = (): number => Math.round(performance.timeOrigin + performance.now());

export function itemTimes(known: Times, now = nowMs) {
  const times: Times = { ...known };
  const at = (name: string) => (times[name] ??= [0, 0, 0]);
  const watched = new WeakMap<Element, () => void>();
  const watcher =
    typeof IntersectionObserver === 'undefined'
      ? null
      : new IntersectionObserver((seen) => {
          for (const { isIntersecting, target } of seen)
            if (isIntersecting) {
              watcher?.unobserve(target);
              watched.get(target)?.();
            }
        });

  return {
    /** Note when `element` comes into view for the first time, then call `noted`. */
    watch(name: string, element: Element, noted: () => void): void {
      if (times[name]?.[0]) return;
      watched.set(element, () => {
        this.shown(name);
        noted();
      });
      watcher?.observe(element);
    },
    shown(name: string): void {
      const entry = at(name);
      entry[0] ||= now();
    },
    changed(name: string): void {
      const entry = at(name);
      entry[2] = now();
      entry[1] ||= entry[2];
    },
    all: (): Times => ({ ...times }),
    close: () => watcher?.disconnect(),
  };
}
