/** The binary of workerd, which its package brings along for the platforms that it is built for. */
import { createRequire } from "node:module";
import { Failure } from "../../../model/failures/failure.ts";

interface Package {
  readonly default: string;
  readonly compatibilityDate: string;
}

// The package is CommonJS with an export named `default`, which bundlers and Node take for different things.
const require: NodeJS.Require = createRequire(import.meta.url);
const { default: path, compatibilityDate } = load();

/** Where the binary is: the package's, unless the environment names another. */
export const BINARY: string = process.env["STEPWELL_WORKERD"] ?? path;
/** The newest compatibility date that it supports. */
export const NEWEST_DATE: string = compatibilityDate;

function load(): Package {
  try {
    return require("workerd") as Package;
  } catch (cause) {
    const detail = `workerd has no binary for ${process.platform} on ${process.arch}, or it has not been installed`;
    throw new Failure("executor.missing", { detail, cause });
  }
}
