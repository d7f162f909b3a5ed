import type { Finding } from '../domain/finding.ts';

type Look = { readonly isOffline: boolean };

/** Looks at this installation as the service would find it, and tells what keeps pushes from arriving. */
export type Doctor = { examine(look: Look): Promise<readonly Finding[]> };

/** Whoever asks while the doctor looks is told what that look finds: many who press the button cost one look. */
export function createDoctor(examine: (look: Look) => AsyncIterable<Finding>): Doctor {
  const underWay = new Map<boolean, Promise<readonly Finding[]>>();
  return {
    examine(look) {
      const { isOffline } = look;
      const found = underWay.get(isOffline) ?? all(examine(look));
      underWay.set(isOffline, found);
      const end = (): void => void underWay.delete(isOffline);
      found.then(end, end);
      return found;
    },
  };
}

async function all(findings: AsyncIterable<Finding>): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for await (const finding of findings) found.push(finding);
  return found;
}
