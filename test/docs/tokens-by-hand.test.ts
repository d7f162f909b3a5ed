import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect } from 'vitest';
import { SCOPES } from '../../src/access/api-keys.ts';
import { verifySubscriberToken } from '../../src/access/subscriber-tokens.ts';
import { systemClock } from '../../src/clock.ts';
import { interpret, itInterprets, type Language } from '../support/interpreters.ts';
import { codeUnder } from './markdown-code.ts';

const SECRET = 'ein geheimer Schlüssel, 32 Zeichen oder mehr';

/** What a program has around the few lines that the page shows. */
const AROUND: Readonly<Record<Language, (lines: string) => string>> = {
  sh: (lines) => `set -eu\n${lines}\necho "$TOKEN"`,
  js: (lines) => `const secret = process.env.SECRET;\n${lines}\nconsole.log(token);`,
  python: (lines) => `import os\nsecret = os.environ["SECRET"]\n${lines}\nprint(token)`,
  php: (lines) => `<?php\n$secret = getenv('SECRET');\n${lines}\necho $token;`,
  ruby: (lines) => `# encoding: utf-8\nsecret = ENV.fetch('SECRET')\n${lines}\nputs token`,
  go: (lines) => `package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

func main() {
	secret := os.Getenv("SECRET")
${lines}
	fmt.Println(token)
}
`,
};

describe('the few lines of docs/http.md that make a subscriber token', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bellhop-tokens-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const blocks = codeUnder('http.md', '#### Making one without a call');
  for (const language of Object.keys(AROUND) as Language[]) {
    itInterprets(
      language,
      `${language}: make one that is taken`,
      async () => {
        const lines = blocks.find((block) => block.language === language)?.code ?? '';
        const { stdout } = await interpret(language, AROUND[language](lines), { folder, environment: { SECRET } });
        const keys = () => [{ id: 'default', secret: SECRET, scopes: SCOPES }];
        expect(verifySubscriberToken({ keys, clock: systemClock }, stdout.trim())).toEqual({
          keyId: 'default',
          userId: 'user-42',
        });
      },
      180_000,
    );
  }
});
