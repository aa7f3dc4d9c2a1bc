/** Loaded into the recorded process before its own code: plants a fault in the source of the store, which the suite has to find. */
import { registerHooks } from "node:module";

const FIND = "PRAGMA synchronous = FULL";
const REPLACE = "PRAGMA synchronous = OFF";

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith("/stores/sqlite/connection/database.ts")) return loaded;
    const parts = Buffer.from(loaded.source as string)
      .toString()
      .split(FIND);
    if (parts.length !== 2) throw new Error(`There are ${parts.length - 1} places for the fault: ${FIND}`);
    return { ...loaded, source: parts.join(REPLACE) };
  },
});
