/** A store for tests that upload no static assets: its folder is created by the first upload. */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AssetStore } from "../../src/workers/assets/assets.ts";
import { systemClock } from "../../src/system/clock.ts";
import { systemIds } from "../../src/system/ids.ts";

export function unusedAssets(): AssetStore {
  return new AssetStore(join(tmpdir(), `stepwell-assets-${randomUUID()}`), { clock: systemClock, ids: systemIds });
}
