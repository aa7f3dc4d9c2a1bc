/** Names of hosts that Workers may be served under. */

/** Labels of letters, digits and hyphens, and a dot at least: an address by number is none. */
const HOST_NAME = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?=.*[a-z])[a-z0-9-]{1,63}$/;

/** True for a name that a Worker may be served under. Those of this machine itself are none. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text) && !text.endsWith(".localhost");
}
