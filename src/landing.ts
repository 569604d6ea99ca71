export interface SourceRow {
  readonly name: string;
  readonly kind: 'collector' | 'sampler' | 'probe' | 'job';
  readonly status: string;
  readonly seconds: number | null;
  readonly message: string;
}

interface Link {
  readonly path: string;
  readonly what: string;
}

/** Until the status page comes: what this is, where to go, and what works. */
export function landing(version: string, links: readonly Link[], rows: readonly SourceRow[]): string {
  const failed = rows.filter((row) => row.status === 'failed').length;
  const denied = rows.filter((row) => row.status === 'denied').length;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>numacanary</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<main>
<h1>numacanary <small>${escape(version)}</small></h1>
<p>The honest NUMA signal: did loads cross a socket, what did that cost, and since when?</p>
<h2>Pages</h2>
<ul>
${links.map(({ path, what }) => `<li><a href="${escape(path)}">${escape(path)}</a> ${escape(what)}</li>`).join('\n')}
</ul>
<h2>Sources</h2>
<p>${rows.length} sources, ${failed} failed, ${denied} denied.</p>
<table>
<thead><tr><th scope="col">source</th><th scope="col">kind</th><th scope="col">status</th><th scope="col">took</th><th scope="col">why</th></tr></thead>
<tbody>
${rows.map(row).join('\n')}
</tbody>
</table>
</main>
</body>
</html>
`;
}

const row = ({ name, kind, status, seconds, message }: SourceRow) =>
  `<tr><th scope="row">${escape(name)}</th><td>${kind}</td><td class="${escape(status)}">${escape(status)}</td>` +
  `<td>${seconds === null ? '' : `${(seconds * 1000).toFixed(1)} ms`}</td><td>${escape(message)}</td></tr>`;

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export const style = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
small { font-weight: normal; font-size: 50%; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.3rem 0.6rem; border-bottom: 1px solid; vertical-align: top; overflow-wrap: anywhere; }
.failed, .denied { font-weight: bold; }
`;
