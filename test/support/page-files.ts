/** What a file names in ways that a browser follows: links, sources, imports, icons. */
const NAMED = [
  /(?:src|href)="(\/[^"]+)"/g,
  /(?:from|import) '(\/[^']+)'/g,
  /url\(["']?(\/[^"')]+)/g,
  /"src": "(\/[^"]+)"/g,
];

/** The status of each file that a browser loads for this page, by path: those that it names, and those that they name. */
export async function statusesOfPage(address: string, page: string): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {};
  const left = [page];
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    if (path in statuses) continue;
    const answer = await fetch(address + path);
    statuses[path] = answer.status;
    const text = await answer.text();
    left.push(...NAMED.flatMap((pattern) => [...text.matchAll(pattern)].map(([, named]) => String(named))));
  }
  return statuses;
}
