/** What stands where somebody's role hides a payload. It cannot be taken for a value that is not there. */

/** As JSON shows it. Dashboards know it by its only key. */
export const HIDDEN: { readonly $hidden: string } = { $hidden: "hidden for your role" };
