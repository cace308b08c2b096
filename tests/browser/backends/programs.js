import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

// The first of these programs that stands on PATH.
export function onPath(...names) {
  for (const name of names) {
    for (const directory of (process.env.PATH ?? '').split(delimiter)) {
      const file = join(directory, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // not this one
      }
    }
  }
  throw new Error(`${names.join(' or ')} is not installed`);
}
