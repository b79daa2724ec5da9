/** What may be put into an element: nodes and text, never markup. */
export type Child = Node | string | false | null | undefined;

/** Properties that take markup or code; without them no data can become either. */
type Unsafe = "innerHTML" | "outerHTML" | "srcdoc" | "style";

type Properties<E> =
  & { [K in keyof E as K extends Unsafe ? never : K]?: E[K] }
  & { [attribute: `aria-${string}`]: string };

/** Makes an element: properties by their DOM names, ARIA by attribute, children as nodes or text. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties<HTMLElementTagNameMap[K]> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-")) element.setAttribute(name, String(value));
    else Object.assign(element, { [name]: value });
  }
  fill(element, ...children);
  return element;
}

/** Replaces what an element holds. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(
    ...children.filter((child) => child instanceof Node || typeof child === "string"),
  );
}
