/** wrangler's own test harness does what stepwell's does: `test/testing-harness.test.ts` has the same tests. */
import { createRequire } from "node:module";
import { harnessCases } from "../support/harness-cases.ts";
import type { createTestHarness } from "../../src/testing/index.ts";

const wrangler = createRequire(new URL("../clients/package.json", import.meta.url))("wrangler") as {
  readonly createTestHarness: typeof createTestHarness;
};

harnessCases((options) => wrangler.createTestHarness(options));
