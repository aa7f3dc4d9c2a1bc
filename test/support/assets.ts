/** A place for static assets that nobody sends: there is no folder until somebody does. */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AssetStore } from "../../src/workers/assets/assets.ts";

export function unusedAssets(): AssetStore {
  return new AssetStore(join(tmpdir(), `stepwell-assets-${randomUUID()}`));
}
