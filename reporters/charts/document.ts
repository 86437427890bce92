const SVG = 'http://www.w3.org/2000/svg';
const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** The part of the DOM that Plot needs to draw, which never involves layout. */
class ChartNode {
  readonly ownerDocument: ChartDocument;
  readonly tagName: string;
  readonly namespaceURI = SVG;
  readonly childNodes: (ChartNode | string)[] = [];
  readonly #attributes = new Map<string, string>();
  readonly style = { setProperty: (name: string, value: string): void => this.#styled(name, value) };

  constructor(document: ChartDocument, tagName: string) {
    this.ownerDocument = document;
    this.tagName = tagName;
  }

  get children(): ChartNode[] {
    return this.childNodes.filter((child) => typeof child !== 'string');
  }

  get parentNode(): undefined {
    return undefined;
  }

  set textContent(text: string | number | null | undefined) {
    this.childNodes.length = 0;
    if (text !== null && text !== undefined && String(text) !== '') this.childNodes.push(String(text));
  }

  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }

  hasAttribute(name: string): boolean {
    return this.#attributes.has(name);
  }

  setAttribute(name: string, value: unknown): void {
    this.#attributes.set(name, String(value));
  }

  setAttributeNS(_space: string, name: string, value: unknown): void {
    this.setAttribute(name, value);
  }

  removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }

  appendChild<T extends ChartNode | string>(child: T): T {
    this.childNodes.push(child);
    return child;
  }

  append(...children: (ChartNode | string)[]): void {
    this.childNodes.push(...children);
  }

  insertBefore<T extends ChartNode>(child: T, before: ChartNode | null): T {
    const at = before === null ? -1 : this.childNodes.indexOf(before);
    this.childNodes.splice(at === -1 ? this.childNodes.length : at, 0, child);
    return child;
  }

  querySelector(): null {
    return null;
  }

  querySelectorAll(): [] {
    return [];
  }

  #styled(name: string, value: string): void {
    const before = this.getAttribute('style');
    this.setAttribute('style', `${before === null ? '' : `${before};`}${name}:${value}`);
  }

  toString(): string {
    const attributes = [...this.#attributes]
      .map(([name, value]) => ` ${name}="${escaped(name.startsWith('aria-') ? value : rounded(value))}"`)
      .join('');
    const content = this.childNodes.map((child) => (typeof child === 'string' ? escaped(child) : String(child))).join('');
    return content === '' ? `<${this.tagName}${attributes}/>` : `<${this.tagName}${attributes}>${content}</${this.tagName}>`;
  }
}

/** A document to draw into. `String(node)` returns its nodes as SVG text. */
export class ChartDocument {
  readonly documentElement = this.createElement('svg');

  createElement(name: string): ChartNode {
    return new ChartNode(this, name);
  }

  createElementNS(_space: string, name: string): ChartNode {
    return this.createElement(name);
  }

  createTextNode(text: unknown): string {
    return String(text);
  }
}

/** Escapes text for XML, in an element or an attribute. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

/** A tenth of a pixel is invisible, and keeps golden pictures independent of the last digit of a float. */
function rounded(value: string): string {
  return value.replaceAll(/-?\d+\.\d{2,}/g, (number) => String(Math.round(Number(number) * 10) / 10 + 0));
}
