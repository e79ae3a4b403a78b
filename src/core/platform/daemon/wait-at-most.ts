/** A wait that ends: for the last words of a daemon that must stop whatever the other side does. */

/** Resolves when `work` has settled, at the latest after `limitMs`; the work itself goes on unheeded. Never rejects. */
export async function waitAtMost(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([
    work.then(
      () => {},
      () => {},
    ),
    limit,
  ]);
  clearTimeout(timer);
}
