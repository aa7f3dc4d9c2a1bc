/** The binary of workerd, which its package brings along. */
import { createRequire } from "node:module";

// The package is CommonJS with an export named `default`, which bundlers and Node take for different things.
const require: NodeJS.Require = createRequire(import.meta.url);
const { default: path, compatibilityDate } = require("workerd") as { default: string; compatibilityDate: string };

export const BINARY: string = path;
/** The newest compatibility date that it supports. */
export const NEWEST_DATE: string = compatibilityDate;
