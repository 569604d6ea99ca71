/** Viridis, dark for little to bright for much: even to the eye, and told apart by the colour-blind. */
export const viridis = [
  '#440154',
  '#481a6c',
  '#472f7d',
  '#414487',
  '#39568c',
  '#31688e',
  '#2a788e',
  '#23888e',
  '#1f988b',
  '#22a884',
  '#35b779',
  '#54c568',
  '#7ad151',
  '#a5db36',
  '#d2e21b',
  '#fde725',
] as const;

/** Which of them; the last one for all that lies above. */
export function bucketOf(value: number, least: number, most: number): number {
  const share = most > least ? (value - least) / (most - least) : 0;
  return Math.max(0, Math.min(viridis.length - 1, Math.floor(share * viridis.length)));
}

/** Black or white, whichever is read better on it: one of them always has a contrast above 4.5. */
export const inkOn = (bucket: number): '#000' | '#fff' =>
  luminance(viridis[bucket] ?? '#000000') > 0.179 ? '#000' : '#fff';

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
