type Policy = { createScriptURL(url: string): string };
type PolicyFactory = { createPolicy(name: string, rules: Policy): Policy };

let policy: Policy | undefined;

/**
 * The address of a script for pages that require Trusted Types, where text alone is refused. A page that does not allow
 * the policy `bellhop` may have a default one, which judges text.
 */
export function trustedUrl(url: string): string {
  try {
    const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory };
    policy ??= trustedTypes?.createPolicy('bellhop', { createScriptURL: (text) => text });
  } catch {
    // Not allowed on this page.
  }
  return policy?.createScriptURL(url) ?? url;
}
