/** Making elements. Knows no screen. Text is always set as text, never as HTML. */

type Child = Node | string | null | undefined | false;

interface Props {
  class?: string;
  id?: string;
  text?: string;
  attrs?: Record<string, string>;
  on?: { [E in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[E]) => void };
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (props.class) element.className = props.class;
  if (props.id) element.id = props.id;
  if (props.text !== undefined) element.textContent = props.text;
  for (const [name, value] of Object.entries(props.attrs ?? {})) element.setAttribute(name, value);
  for (const [name, handler] of Object.entries(props.on ?? {}))
    element.addEventListener(name, handler as EventListener);
  for (const child of children) if (child) element.append(child);
  return element;
}

/** A button with a busy state: while busy it says so and ignores clicks. */
export function button(label: string, kind: 'primary' | 'quiet', click: () => void) {
  const element = h('button', {
    class: `button ${kind}`,
    text: label,
    attrs: { type: 'button' },
    on: { click: () => element.ariaBusy !== 'true' && click() },
  });
  return element;
}

export function busy(element: HTMLElement, on: boolean): void {
  element.ariaBusy = String(on);
  element.classList.toggle('busy', on);
}

/** Listen until the returned function is called. */
export function listen<E extends keyof WindowEventMap>(
  target: Window | Document | HTMLElement,
  event: E | 'visibilitychange',
  handler: (event: WindowEventMap[E]) => void,
  options?: AddEventListenerOptions,
): () => void {
  target.addEventListener(event, handler as EventListener, options);
  return () => target.removeEventListener(event, handler as EventListener, options);
}

/** Text into an element, only where it differs (so that screen readers are not told twice). */
export function say(element: HTMLElement, words: string): void {
  if (element.textContent !== words) element.textContent = words;
}
