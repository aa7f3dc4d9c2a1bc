/** For tests of hot code in workerd: how the fault of decision 150 is brought about soon, and how it is planted. */

/** TurboFan gets code without Maglev before it, after hundreds of calls, not many thousands; and at once, however busy the machine is. */
const FLAGS = ["--no-maglev", "--invocation-count-for-turbofan=300", "--no-concurrent-recompilation"];

/** A configuration of workerd in which code is hot soon. */
export function heated(config: string): string {
  return config.replace("v8Flags = [", `v8Flags = [${FLAGS.map((flag) => JSON.stringify(flag)).join(", ")}, `);
}

/** The code of an isolate in which all promises of ours are made by the constructor. */
export function allConstructed(code: string): string {
  return code.replaceAll("Promise.withResolvers()", "constructed()") + CONSTRUCTED;
}

/** The same, only for the promises that acknowledgements settle. */
export function acksConstructed(code: string): string {
  return code.replace(/(durable\(\)\{[^}]*\}=)settleable\(\)/, "$1constructed()") + CONSTRUCTED;
}

/** The same, only for the promises that wake the places of runs. */
export function placesConstructed(code: string): string {
  return code.replace(/(async live\(.*?\}=)settleable\(\)/, "$1constructed()") + CONSTRUCTED;
}

const CONSTRUCTED = `
function constructed() {
  let resolve, reject;
  const promise = new Promise((a, b) => { resolve = a; reject = b; });
  return { promise, resolve, reject };
}`;
