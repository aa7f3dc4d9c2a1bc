/** Cron expressions in words, as far as they are simple enough for words to be clearer. */
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const CODES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/** In words, times in UTC; undefined for what words would not make clearer. The expression has to be a valid one. */
export function cronWords(text: string): string | undefined {
  const [minute = "", hour = "", date = "", month = "", weekday = ""] = text.split(/ +/);
  if (month !== "*" || (date !== "*" && weekday !== "*")) return undefined;
  const isDaily = date === "*" && weekday === "*";
  if (hour === "*") return isDaily ? hourly(minute) : undefined;
  if (!isNumber(minute)) return undefined;
  const step = stepOf(hour, 24);
  if (step !== undefined)
    return isDaily ? `Every ${step === 1 ? "hour" : `${step} hours`} at minute ${Number(minute)}, from midnight` : undefined;
  if (!isNumber(hour)) return undefined;
  const at = `at ${pad(hour)}:${pad(minute)}`;
  if (isDaily) return `Every day ${at}`;
  if (weekday !== "*") return onWeekday(weekday, at);
  if (date === "L") return `On the last day of every month ${at}`;
  return isNumber(date) ? `On the ${ordinal(Number(date))} of every month ${at}` : undefined;
}

function hourly(minute: string): string | undefined {
  if (minute === "*") return "Every minute";
  const step = stepOf(minute, 60);
  if (step !== undefined) return step === 1 ? "Every minute" : `Every ${step} minutes`;
  return isNumber(minute) ? `Every hour at minute ${Number(minute)}` : undefined;
}

/** The step of `*` with one that divides what it counts: others are of unequal length where they begin again. */
function stepOf(field: string, whole: number): number | undefined {
  const [, step] = /^\*\/(\d+)$/.exec(field) ?? [];
  return step !== undefined && whole % Number(step) === 0 ? Number(step) : undefined;
}

function onWeekday(text: string, at: string): string | undefined {
  const day = dayOf(text);
  if (day !== undefined) return `Every ${WEEKDAYS[day]} ${at}`;
  const [first = "", last = "", ...more] = text.split("-");
  const [from, to] = [dayOf(first), dayOf(last)];
  if (more.length > 0 || from === undefined || to === undefined) return undefined;
  return `${WEEKDAYS[from]} to ${WEEKDAYS[to]} ${at}`;
}

/** From 0, which is Sunday; numbers begin with 1. */
function dayOf(text: string): number | undefined {
  const at = /^[1-7]$/.test(text) ? Number(text) - 1 : CODES.indexOf(text.toUpperCase());
  return at < 0 ? undefined : at;
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

function pad(text: string): string {
  return text.padStart(2, "0");
}

function ordinal(n: number): string {
  const last = n % 10;
  const suffix = Math.floor(n / 10) === 1 ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[last] ?? "th");
  return `${n}${suffix}`;
}
