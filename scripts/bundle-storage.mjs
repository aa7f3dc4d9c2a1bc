/** Puts the module of the storage process beside the compiled sources, where the package looks for it. */
import { writeFile } from "node:fs/promises";
import { bundleStorage, STORAGE_BUNDLE } from "../src/executors/workerd/storage/bundle.ts";

await writeFile(new URL(`../dist/executors/workerd/storage/${STORAGE_BUNDLE}`, import.meta.url), await bundleStorage());
