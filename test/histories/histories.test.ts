/** The oldest history, one in between and the newest; `test/long` has the others. */
import { checkHistories, FEW } from "./checks.ts";

checkHistories(FEW);
