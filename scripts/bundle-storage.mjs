/** Puts what the package has of miniflare beside the compiled sources: the storage process, and the Worker of static assets. */
import { writeFile } from "node:fs/promises";
import { ASSETS_BUNDLE, publishedAssetWorker } from "../src/executors/workerd/script/modules.ts";
import { bundleStorage, STORAGE_BUNDLE } from "../src/executors/workerd/storage/bundle.ts";

const NOTICE = "/*! Part of miniflare (MIT or Apache-2.0, Copyright Cloudflare, Inc.). */\n";
const beside = new URL("../dist/executors/workerd/", import.meta.url);

await writeFile(new URL(`storage/${STORAGE_BUNDLE}`, beside), await bundleStorage());
await writeFile(new URL(`script/${ASSETS_BUNDLE}`, beside), NOTICE + (await publishedAssetWorker()));
