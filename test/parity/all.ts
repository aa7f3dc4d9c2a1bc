/** All inputs. */
import type { Input } from "./input.ts";
import { CODE } from "./inputs/code.ts";
import { CONFIGURATION } from "./inputs/configuration.ts";
import { MODULES } from "./inputs/modules.ts";
import { ORIGIN } from "./inputs/origin.ts";
import { PACKAGES } from "./inputs/packages.ts";
import { WORKERS } from "./inputs/workers.ts";

export const INPUTS: readonly Input[] = [...PACKAGES, ...MODULES, ...CODE, ...CONFIGURATION, ...ORIGIN, ...WORKERS];
