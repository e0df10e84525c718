#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/src/main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write(
    'vaportrail is not built yet: run `npm install && npm run build` in the repository first\n',
  );
  process.exit(1);
}
await import(main.href);
