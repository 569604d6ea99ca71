/**
 * Values of one parameter of the kernel command line, in order; a parameter without a value gives ''. Nothing else of
 * the line leaves this function: it may hold secrets.
 */
// > BOOT_IMAGE=/vmlinuz root=UUID=5a1c ro quiet rcu_nocbs=2-15 nohz_full=2-15
// > console=ttyS0 rcu_nocbs dyndbg="file foo.c +p" -- init=/bin/sh
export function parseParameter(text: string, name: string): string[] {
  const words = [...text.matchAll(/(?:[^\s"]|"[^"]*(?:"|$))+/g)].map(([word]) => word.replaceAll('"', ''));
  const end = words.indexOf('--');
  return words
    .slice(0, end < 0 ? words.length : end)
    .flatMap((word) =>
      word === name ? [''] : word.startsWith(`${name}=`) ? [word.slice(name.length + 1)] : [],
    );
}
