/**
 * Loaded into a server before its own code (`--import`): puts a store whose commits fail in the place of the SQLite store.
 * Everything else of the server is as it is delivered.
 */
import { registerHooks } from "node:module";

const FAILING = new URL("./failing-sqlite.ts", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const isOurs = found.url.endsWith("/src/stores/sqlite/open.ts") && context.parentURL !== FAILING;
    return isOurs ? { ...found, url: FAILING } : found;
  },
});
