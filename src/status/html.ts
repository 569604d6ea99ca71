/** Text that is markup already. Only this file makes it, so that nothing reaches a page unescaped. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Null, undefined and false leave nothing, so that `condition && markup` can stand in a template. */
export type Child = string | number | Markup | null | undefined | false | readonly Child[];

/**
 * HTML and SVG: whatever is put in is escaped unless it is markup itself. Attributes are always written in double
 * quotes, where the same escaping serves. (Not named html: prettier would lay out the whitespace anew.)
 */
export function markup(strings: TemplateStringsArray, ...children: readonly Child[]): Markup {
  return new Markup(strings.reduce((text, next, index) => text + textOf(children[index - 1]) + next));
}

export const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

function textOf(child: Child): string {
  if (child === null || child === undefined || child === false) return '';
  if (child instanceof Markup) return child.text;
  if (typeof child === 'object') return child.map(textOf).join('');
  return escape(String(child));
}
