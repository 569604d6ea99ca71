import { markup, type Child, type Markup } from './html.ts';

export interface Table {
  /** Unique on the page. */
  readonly id: string;
  readonly caption: string;
  readonly head: readonly Child[];
  /** The first cell of each row is its header. */
  readonly rows: readonly (readonly Child[])[];
  /** Columns of numbers, counted from 0: they are set to the right, digit below digit. */
  readonly numbers?: readonly number[];
  /** Columns that a narrow window does without. */
  readonly aside?: readonly number[];
  /** Of many narrow columns: set tighter, so that eight sockets fit beside their picture. */
  readonly matrix?: boolean;
}

/** In a box that scrolls by itself, also by keyboard: the page never does sideways. */
export function table({ id, caption, head, rows, numbers = [], aside = [], matrix = false }: Table): Markup {
  const kind = (column: number) =>
    `${numbers.includes(column) ? 'number' : 'text'}${aside.includes(column) ? ' aside' : ''}`;
  return markup`<div class="scroll" id="${id}" tabindex="0" role="region" aria-label="${caption}"><table${matrix && markup` class="matrix"`}>
<caption class="quiet">${caption}</caption>
<thead><tr>${head.map((cell, column) => markup`<th scope="col" class="${kind(column)}">${cell}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ([first, ...rest]) =>
    markup`<tr><th scope="row" class="${kind(0)}">${first}</th>${rest.map((cell, index) => markup`<td class="${kind(index + 1)}">${cell}</td>`)}</tr>
`,
)}</tbody></table></div>`;
}
