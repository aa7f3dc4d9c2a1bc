/** The histories that `npm test` leaves out. */
import { checkHistories, FEW } from "../histories/checks.ts";
import { histories } from "../histories/upgrade.ts";

checkHistories(histories().filter((name) => !FEW.includes(name)));
