export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
  text: string;
}

const TOKEN = /<\/([\w-]+)>|<([\w-]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/y;

/**
 * A strict reader of the subset of XML that reports use. It rejects what a parser would reject, and normalises line ends and white space as
 * XML 1.0 requires.
 */
export function readXml(source: string): XmlElement {
  const body = source.replace(/^<\?xml [^?]*\?>\n/, '');
  const root: XmlElement = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < body.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(body);
    const parent = open.at(-1);
    if (!token || !parent) throw new Error(`not well-formed at ${at}: ${body.slice(at, at + 40)}`);
    const [, closed, opened, attributes, empty, text] = token;
    if (closed !== undefined) {
      if (parent.name !== closed) throw new Error(`</${closed}> closes <${parent.name}>`);
      open.pop();
    } else if (opened !== undefined) {
      const element = { name: opened, attributes: readAttributes(attributes ?? ''), children: [], text: '' };
      parent.children.push(element);
      if (empty === '') open.push(element);
    } else parent.text += unescaped((text ?? '').replaceAll(/\r\n?/g, '\n'));
  }
  const [first, ...others] = root.children;
  if (!first || others.length > 0 || open.length !== 1 || root.text.trim() !== '') throw new Error('not one complete element');
  return first;
}

function readAttributes(source: string): Record<string, string> {
  return Object.fromEntries(
    [...source.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name ?? '', unescaped((value ?? '').replaceAll(/\s/g, ' '))]),
  );
}

function unescaped(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return text.replaceAll(/&(?:#(\d+);|(amp|lt|gt|quot);)?/g, (_, code: string | undefined, name: string | undefined) => {
    if (name !== undefined) return named[name] ?? '';
    if (code === undefined) throw new Error('a bare ampersand');
    return String.fromCodePoint(Number(code));
  });
}
